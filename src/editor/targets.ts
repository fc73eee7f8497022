import * as vscode from "vscode";
import type { RunSummary } from "../runs/contract.ts";
import { isExperimentFile, type ExperimentFiles } from "./experiment-files.ts";
import { runAppearance } from "./run-appearance.ts";
import type { RunMonitor, UnreadableRun } from "./run-monitor.ts";
import { statusWords } from "./status-words.ts";

/** What a command was called on: a row of the tree, a file, or nothing (the palette). */
export type Target =
  | { readonly kind: "experiment"; readonly file: vscode.Uri }
  | { readonly kind: "run"; readonly run: RunSummary }
  | { readonly kind: "unreadable"; readonly entry: UnreadableRun }
  | undefined;

/** Turns a command's argument into what it means, and asks where it says nothing. */
export class Targets {
  readonly #files: ExperimentFiles;
  readonly #runs: RunMonitor;

  constructor(files: ExperimentFiles, runs: RunMonitor) {
    this.#files = files;
    this.#runs = runs;
  }

  of(argument: unknown): Target {
    if (argument instanceof vscode.Uri) return { kind: "experiment", file: argument };
    if (typeof argument !== "object" || argument === null || !("kind" in argument)) return undefined;
    if (argument.kind === "experiment" && "file" in argument && argument.file instanceof vscode.Uri) {
      return { kind: "experiment", file: argument.file };
    }
    if (argument.kind === "unreadable" && "entry" in argument) return this.#knownUnreadable(argument.entry);
    const run = argument.kind === "run" && "run" in argument ? this.#knownRun(argument.run) : undefined;
    return run === undefined ? undefined : { kind: "run", run };
  }

  /** The experiment meant, else that of the active editor, else the only one, else the chosen one. */
  async experiment(argument: unknown): Promise<vscode.Uri | undefined> {
    const target = this.of(argument);
    if (target?.kind === "experiment") return target.file;
    if (target?.kind === "run") return vscode.Uri.file(target.run.experimentFile);
    const active = vscode.window.activeTextEditor?.document.uri;
    if (active !== undefined && isExperimentFile(active)) return active;
    await this.#files.searched();
    return pick(
      this.#files.files.map((file) => ({ label: vscode.workspace.asRelativePath(file), value: file })),
      vscode.l10n.t("Which experiment?"),
      vscode.l10n.t("There is no experiment in this workspace. Make one with the command New Experiment."),
    );
  }

  /** The run meant, else the only one that fits, else the chosen one. */
  async run(argument: unknown, fits: (run: RunSummary) => boolean, none: string): Promise<RunSummary | undefined> {
    const target = this.of(argument);
    if (target?.kind === "run") return target.run;
    await this.#runs.refresh();
    const candidates = target?.kind === "experiment" ? this.#runs.of(target.file.fsPath) : this.#runs.all;
    const items = candidates.filter(fits).map((run) => {
      const { label, description } = runAppearance(run, statusWords(), Date.now());
      return { label: `${run.name} · ${label}`, description, value: run };
    });
    return pick(items, vscode.l10n.t("Which run?"), none);
  }

  /** The present state of a run that a row of the tree or a lens remembers. */
  #knownRun(run: unknown): RunSummary | undefined {
    if (typeof run !== "object" || run === null || !("id" in run) || typeof run.id !== "string") return undefined;
    return this.#runs.get(run.id);
  }

  #knownUnreadable(entry: unknown): Target {
    if (typeof entry !== "object" || entry === null || !("folder" in entry)) return undefined;
    const known = this.#runs.unreadable.find(({ folder }) => folder === entry.folder);
    return known === undefined ? undefined : { kind: "unreadable", entry: known };
  }
}

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

async function pick<T>(items: readonly Choice<T>[], placeHolder: string, none: string): Promise<T | undefined> {
  const [only, ...others] = items;
  if (only === undefined) {
    void vscode.window.showInformationMessage(none);
    return undefined;
  }
  if (others.length === 0) return only.value;
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.value;
}

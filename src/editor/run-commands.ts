import path from "node:path";
import * as vscode from "vscode";
import type { Experiment } from "../experiment/schema.ts";
import { runFiles, type RunId, type RunSummary } from "../runs/contract.ts";
import type { DashboardPanels } from "./dashboard/panels.ts";
import type { Check } from "./engine.ts";
import { runsRootOf } from "./experiment-files.ts";
import { openExperiment } from "./open-experiment.ts";
import { isActive } from "./run-appearance.ts";
import type { RunMonitor } from "./run-monitor.ts";
import type { Targets } from "./targets.ts";

/** What a new run is made from. */
export interface RunOrder {
  readonly experimentFile: string;
  /** The file's exact text. */
  readonly config: string;
  readonly experiment: Experiment;
  /** The run's folder goes below `<root>/.taskscope/runs`. */
  readonly root: string;
}

/** Starting and ending runs: one trainer process each, which outlives this window. */
export interface RunControl {
  /** Makes the run folder and starts its trainer; resolves once the process is there. */
  start(order: RunOrder): Promise<RunId>;
  /** Asks the trainer to end after its step; `now` ends its process tree. */
  stop(run: RunSummary, now: boolean): Promise<void>;
  /** Moves an ended run out of the list, to the folder that is given back. */
  discard(run: Pick<RunSummary, "folder">): Promise<string>;
}

export interface RunRooms {
  readonly control: RunControl;
  readonly check: Check;
  readonly runs: RunMonitor;
  readonly targets: Targets;
  readonly panels: DashboardPanels;
}

export async function runExperiment(argument: unknown, { control, check, runs, targets, panels }: RunRooms): Promise<void> {
  const file = await targets.experiment(argument);
  if (file === undefined) return;
  const document = await openExperiment(file);
  if (document.isDirty && !(await document.save())) return;
  const config = document.getText();
  const { parsed, diagnostics } = await check(config, file.fsPath);
  const { experiment } = parsed;
  if (experiment === undefined || diagnostics.some(({ severity }) => severity === "error")) return showProblems(document);
  const root = runsRootOf(file);
  const id = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Starting a run") }, () =>
    control.start({ experimentFile: file.fsPath, config, experiment, root }),
  );
  runs.addRoot(root);
  await runs.refresh();
  await panels.show(file.fsPath, runs.get(id));
}

export async function stopRun(argument: unknown, { control, runs, targets }: RunRooms): Promise<void> {
  const run = await targets.run(argument, isActive, vscode.l10n.t("No run is active."));
  if (run === undefined || !isActive(run)) return;
  if (asksForNow(argument)) await control.stop(run, true);
  else if (run.status !== "stopping") await control.stop(run, false);
  else if (await confirmStopNow(run)) await control.stop(run, true);
  await runs.refresh();
}

export async function stopAllRuns({ control, runs }: RunRooms): Promise<void> {
  await runs.refresh();
  await Promise.all(runs.all.filter(isActive).map((run) => control.stop(run, false)));
  await runs.refresh();
}

export async function openDashboard(argument: unknown, { runs, targets, panels }: RunRooms): Promise<void> {
  const target = targets.of(argument);
  if (target?.kind === "run") return panels.show(target.run.experimentFile, target.run);
  const file = await targets.experiment(argument);
  if (file === undefined) return;
  runs.addRoot(runsRootOf(file));
  await runs.refresh();
  await panels.show(file.fsPath, undefined);
}

export async function showLog(argument: unknown, { targets }: RunRooms): Promise<void> {
  const run = await targets.run(argument, () => true, vscode.l10n.t("There is no run yet."));
  if (run === undefined) return;
  const log = vscode.Uri.file(path.join(run.folder, runFiles.log));
  await vscode.window.showTextDocument(log, { preview: true });
}

/** Moves the run's folder to the trash of the system, or where there is none, to one beside the runs. */
export async function deleteRun(argument: unknown, { control, runs, targets }: RunRooms): Promise<void> {
  const target = targets.of(argument);
  if (target?.kind === "unreadable") return moveToTrash(target.entry, { control, runs });
  const run = await targets.run(argument, (each) => !isActive(each), vscode.l10n.t("There is no ended run."));
  if (run === undefined) return;
  if (isActive(run)) throw new Error(vscode.l10n.t("The run {0} is active. Stop it before deleting it.", run.id));
  await moveToTrash(run, { control, runs });
}

async function moveToTrash(run: Pick<RunSummary, "id" | "folder">, { control, runs }: Pick<RunRooms, "control" | "runs">): Promise<void> {
  const trash = vscode.l10n.t("Move to Trash");
  const question = vscode.l10n.t("Delete the run {0} with all that it recorded?", run.id);
  if ((await vscode.window.showWarningMessage(question, { modal: true }, trash)) !== trash) return;
  try {
    await vscode.workspace.fs.delete(vscode.Uri.file(run.folder), { recursive: true, useTrash: true });
  } catch {
    // Remote machines have no trash that VS Code knows of.
    const place = await control.discard(run);
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no system trash here. The run was moved to {0}.", place));
  }
  await runs.refresh();
}

export async function reveal(argument: unknown, { targets }: RunRooms): Promise<void> {
  const place = placeOf(argument, targets);
  if (place === undefined) return;
  const onThisDesktop = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  await vscode.commands.executeCommand(onThisDesktop ? "revealFileInOS" : "revealInExplorer", place);
}

export async function copyPath(argument: unknown, { targets }: RunRooms): Promise<void> {
  const place = placeOf(argument, targets);
  if (place !== undefined) await vscode.env.clipboard.writeText(place.fsPath);
}

function placeOf(argument: unknown, targets: Targets): vscode.Uri | undefined {
  const target = targets.of(argument);
  if (target === undefined) return undefined;
  if (target.kind === "experiment") return target.file;
  return vscode.Uri.file(target.kind === "run" ? target.run.folder : target.entry.folder);
}

/** The dashboard has a button of its own for ending the process tree at once. */
function asksForNow(argument: unknown): boolean {
  return typeof argument === "object" && argument !== null && "now" in argument && argument.now === true;
}

async function confirmStopNow(run: RunSummary): Promise<boolean> {
  const now = vscode.l10n.t("Stop Now");
  const question = vscode.l10n.t("The run {0} is already stopping. End its process at once, without a last checkpoint?", run.id);
  return (await vscode.window.showWarningMessage(question, { modal: true }, now)) === now;
}

async function showProblems(document: vscode.TextDocument): Promise<void> {
  await vscode.window.showTextDocument(document);
  const show = vscode.l10n.t("Show Problems");
  const chosen = await vscode.window.showErrorMessage(vscode.l10n.t("This experiment has errors and was not started."), show);
  if (chosen === show) await vscode.commands.executeCommand("workbench.actions.view.problems");
}

import * as vscode from "vscode";
import { terminalStatuses, type RunSummary } from "../runs/contract.ts";
import type { CodeProblems } from "./code-problems.ts";
import type { RunMonitor } from "./run-monitor.ts";

/** Shows where in the user's own code a run failed, until that file is edited or the experiment is run again. */
export class RunFailures implements vscode.Disposable {
  readonly #code: CodeProblems;
  readonly #log: vscode.LogOutputChannel;
  /** The file that each experiment's last run failed in. */
  readonly #shown = new Map<string, string>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(runs: RunMonitor, code: CodeProblems, log: vscode.LogOutputChannel) {
    this.#code = code;
    this.#log = log;
    this.#subscriptions = [
      runs.onDidEnd((run) => void this.#show(run)),
      runs.onDidChange(() => {
        for (const run of runs.all) if (!terminalStatuses.includes(run.status)) this.#clear(run.experimentFile);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length === 0) return;
        for (const [experiment, file] of this.#shown) if (file === document.uri.fsPath) this.#clear(experiment);
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #show(run: RunSummary): Promise<void> {
    try {
      const { failurePlace } = await import("./failure-place.ts");
      const place = failurePlace(run);
      if (place === undefined) return;
      const source = vscode.l10n.t("Taskscope run {0}", run.id);
      this.#shown.set(run.experimentFile, place.file);
      this.#code.set(finderOf(run.experimentFile), [{ place, message: place.message, severity: vscode.DiagnosticSeverity.Error, source }]);
    } catch (error) {
      this.#log.warn(`The place where ${run.id} failed could not be shown: ${String(error)}`);
    }
  }

  #clear(experimentFile: string): void {
    if (this.#shown.delete(experimentFile)) this.#code.set(finderOf(experimentFile), []);
  }
}

function finderOf(experimentFile: string): string {
  return `run ${experimentFile}`;
}

import * as vscode from "vscode";
import { isExperimentFile } from "./experiment-files.ts";
import type { RunMonitor } from "./run-monitor.ts";

/** `▶ Run` and, once there are runs, `Open Dashboard` above the first line of an experiment file. */
export class RunLens implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #runs: RunMonitor;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  #filesWithRuns = "";

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(runs: RunMonitor) {
    this.#runs = runs;
    this.#subscriptions = [
      this.#changed,
      runs.onDidChange(() => this.#noteRuns()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
    ];
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    if (!isExperimentFile(uri)) return [];
    const top = new vscode.Range(0, 0, 0, 0);
    const lenses: vscode.CodeLens[] = [];
    if (vscode.workspace.isTrusted) {
      lenses.push(new vscode.CodeLens(top, { title: vscode.l10n.t("▶ Run"), command: "taskscope.run", arguments: [uri] }));
    }
    if (this.#runs.of(uri.fsPath).length > 0) {
      const title = vscode.l10n.t("Open Dashboard");
      lenses.push(new vscode.CodeLens(top, { title, command: "taskscope.openDashboard", arguments: [uri] }));
    }
    return lenses;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Lenses move the text: they change only when a file gets its first run or loses its last. */
  #noteRuns(): void {
    const files = [...new Set(this.#runs.all.map((run) => run.experimentFile))].sort().join("\n");
    if (files === this.#filesWithRuns) return;
    this.#filesWithRuns = files;
    this.#changed.fire();
  }
}

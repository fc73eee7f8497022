import * as vscode from "vscode";
import { type Say, spoken } from "../analysis/finding-texts.ts";
import { terminalStatuses, type RunSummary } from "../runs/contract.ts";
import { isExperimentFile } from "./experiment-files.ts";
import { openExperiment } from "./open-experiment.ts";
import type { PlacedFinding } from "./placed-findings.ts";
import { toRange } from "./ranges.ts";
import type { RunMonitor } from "./run-monitor.ts";

/** Writes what the last run found into its experiment file, as information, until the file is edited or run again. */
export class RunFindings implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection("taskscope-run");
  readonly #log: vscode.LogOutputChannel;
  readonly #subscriptions: vscode.Disposable[];

  constructor(runs: RunMonitor, log: vscode.LogOutputChannel) {
    this.#log = log;
    this.#subscriptions = [
      this.#collection,
      runs.onDidEnd((run) => void this.#show(run)),
      runs.onDidChange(() => this.#clearRunning(runs)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && isExperimentFile(document.uri)) this.#collection.delete(document.uri);
      }),
      vscode.workspace.onDidDeleteFiles(({ files }) => files.forEach((file) => this.#collection.delete(file))),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #show(run: RunSummary): Promise<void> {
    if (run.status === "failed" || run.status === "crashed") return;
    const file = vscode.Uri.file(run.experimentFile);
    try {
      const document = await openExperiment(file);
      const { placedFindings } = await import("./placed-findings.ts");
      this.#collection.set(
        file,
        placedFindings(run, document.getText()).map((placed) => toProblem(placed, run)),
      );
    } catch (error) {
      this.#log.warn(`What ${run.id} found could not be written into ${run.experimentFile}: ${String(error)}`);
    }
  }

  #clearRunning(runs: RunMonitor): void {
    for (const run of runs.all) {
      if (!terminalStatuses.includes(run.status)) this.#collection.delete(vscode.Uri.file(run.experimentFile));
    }
  }
}

function toProblem({ finding, range }: PlacedFinding, run: RunSummary): vscode.Diagnostic {
  const hint = finding.tryBalancer === undefined ? "" : ` ${vscode.l10n.t("Try the balancer {0}.", finding.tryBalancer)}`;
  const say: Say = (text, ...values) => vscode.l10n.t(text, ...values);
  const message = `${spoken(finding.claim, say)}. ${spoken(finding.evidence, say)}${hint}`;
  const problem = new vscode.Diagnostic(toRange(range), message, vscode.DiagnosticSeverity.Information);
  problem.source = vscode.l10n.t("Taskscope run {0}", run.id);
  problem.code = finding.code;
  return problem;
}

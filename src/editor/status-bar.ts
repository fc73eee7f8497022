import * as vscode from "vscode";
import { headline, isActive, percent, progressOf } from "./run-appearance.ts";
import type { RunMonitor } from "./run-monitor.ts";

/** One item while a run is active: the newest run and its progress, or how many there are. A click opens its dashboard. */
export function showActiveRuns(runs: RunMonitor): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("taskscope.runs", vscode.StatusBarAlignment.Left);
  item.name = vscode.l10n.t("Taskscope Runs");
  const update = () => {
    const active = runs.all.filter(isActive);
    const [newest] = active;
    if (newest === undefined) {
      item.hide();
      return;
    }
    const progress = progressOf(newest);
    const done = progress === undefined ? "" : ` ${percent(progress)}`;
    item.text =
      active.length === 1 ? `$(loading~spin) ${newest.name}${done}` : `$(loading~spin) ${vscode.l10n.t("{0} runs", active.length)}`;
    item.tooltip = [newest.name, newest.balancer, ...headline(newest)].join(" · ");
    item.command = {
      command: "taskscope.openDashboard",
      title: vscode.l10n.t("Open Dashboard"),
      arguments: [{ kind: "run", run: newest }],
    };
    item.show();
  };
  update();
  return vscode.Disposable.from(item, runs.onDidChange(update));
}

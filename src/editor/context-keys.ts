import * as vscode from "vscode";
import type { ExperimentFiles } from "./experiment-files.ts";
import { isActive } from "./run-appearance.ts";
import type { RunMonitor } from "./run-monitor.ts";

/** Keeps the keys that the manifest's `when` clauses ask for. */
export function keepContextKeys(files: ExperimentFiles, runs: RunMonitor): vscode.Disposable {
  const keys = new Map<string, boolean | number>();
  const set = (key: string, value: boolean | number) => {
    if (keys.get(key) === value) return;
    keys.set(key, value);
    void vscode.commands.executeCommand("setContext", `taskscope.${key}`, value);
  };
  const noteRuns = () => {
    set("hasRuns", runs.all.length > 0);
    set("activeRuns", runs.all.filter(isActive).length);
  };
  const noteFiles = () => {
    set("searched", true);
    set("hasExperiments", files.files.length > 0);
  };
  return vscode.Disposable.from(files.onDidChange(noteFiles), runs.onDidChange(noteRuns));
}

import * as vscode from "vscode";
import { guarded, type CommandGuard, type CommandTable } from "./command-guard.ts";
import { commandIds } from "./command-ids.ts";
import { newExperiment, type NewExperimentRooms } from "./new-experiment.ts";
import { copyPath, deleteRun, openDashboard, reveal, runExperiment, showLog, stopAllRuns, stopRun, type RunRooms } from "./run-commands.ts";
import { explainRestrictedMode } from "./trust.ts";
import { writeTypes } from "./user-types.ts";

/** Registers every command of the manifest. Errors end here: they are logged and shown. */
export function registerCommands(rooms: RunRooms & NewExperimentRooms, log: vscode.LogOutputChannel): vscode.Disposable {
  const table: CommandTable = {
    "taskscope.run": (target) => runExperiment(target, rooms),
    "taskscope.stop": (target) => stopRun(target, rooms),
    "taskscope.stopAll": () => stopAllRuns(rooms),
    "taskscope.openDashboard": (target) => openDashboard(target, rooms),
    "taskscope.newExperiment": () => newExperiment(rooms),
    "taskscope.showLog": (target) => showLog(target, rooms),
    "taskscope.delete": (target) => deleteRun(target, rooms),
    "taskscope.reveal": (target) => reveal(target, rooms),
    "taskscope.copyPath": (target) => copyPath(target, rooms),
    "taskscope.writeTypes": (target) => writeTypes(target, rooms),
  };
  const guard: CommandGuard = {
    isTrusted: () => vscode.workspace.isTrusted,
    refuse: explainRestrictedMode,
    fail: (id, error) => void showFailure(id, error, log),
  };
  return vscode.Disposable.from(...commandIds.map((id) => vscode.commands.registerCommand(id, guarded(id, table[id], guard))));
}

async function showFailure(id: string, error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  log.error(`${id}: ${error instanceof Error && error.stack !== undefined ? error.stack : message}`);
  const show = vscode.l10n.t("Show Output");
  if ((await vscode.window.showErrorMessage(message, show)) === show) log.show();
}

import path from "node:path";
import * as vscode from "vscode";
import { openExperiment } from "./open-experiment.ts";
import type { Targets } from "./targets.ts";

/** Writes what the editor needs to understand the modules of an experiment, and shows it. */
export async function writeTypes(
  argument: unknown,
  { targets, extension }: { readonly targets: Targets; readonly extension: vscode.Uri },
): Promise<void> {
  const experiment = await targets.experiment(argument);
  if (experiment === undefined) return;
  const { writeUserTypes } = await import("../runs/user-types.ts");
  const [types] = writeUserTypes(path.dirname(experiment.fsPath), vscode.Uri.joinPath(extension, "api", "taskscope.d.ts").fsPath);
  if (types !== undefined) await openExperiment(vscode.Uri.file(types)).then((document) => vscode.window.showTextDocument(document));
}

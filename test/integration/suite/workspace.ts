import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";

/** Folder that the workbench has open: a copy of the examples that goes when the suite has ended. */
export const folder = ((): string => {
  const opened = process.env["TASKSCOPE_TEST_FOLDER"];
  if (opened === undefined) throw new Error("TASKSCOPE_TEST_FOLDER does not name the folder that is open.");
  return opened;
})();

/** Waits until `look` gives something; fails with `what` after `patience` milliseconds. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  patience = 30_000,
): Promise<T> {
  const end = Date.now() + patience;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`Waited ${patience / 1000} s in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** An experiment on a small table of its own: two tasks, one hidden layer. */
export function experimentText({ name, epochs = 2, balancer = "equal" }: { name: string; epochs?: number; balancer?: string }): string {
  return `name: ${name}
data:
  file: dots.csv
  inputs: [x, y]
tasks:
  side: {kind: classification}
  height: {kind: regression, metrics: [r2, rmse]}
model:
  trunk:
    - dense: {units: 8, activation: relu}
balancer: ${balancer}
training: {epochs: ${epochs}, batchSize: 16, backend: wasm}
`;
}

/** Writes `<folder>/<place>/<name>.mtl.yaml` with its table beside it. */
export function writeExperiment(place: string, name: string, text: string): vscode.Uri {
  const target = join(folder, place);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, "dots.csv"), dots());
  const file = join(target, `${name}.mtl.yaml`);
  writeFileSync(file, text);
  return vscode.Uri.file(file);
}

export async function open(file: vscode.Uri): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  return document;
}

/** Closes all editors, unsaved changes included. */
export async function closeAll(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
}

/** 120 points, their side of a line and their height over another: learnable, and the same every time. */
function dots(): string {
  const rows = Array.from({ length: 120 }, (_, i) => {
    const x = Math.sin(i * 12.9898);
    const y = Math.cos(i * 78.233);
    return `${x.toFixed(4)},${y.toFixed(4)},${x > y ? "right" : "left"},${(x + 2 * y).toFixed(4)}`;
  });
  return ["x,y,side,height", ...rows].join("\n");
}

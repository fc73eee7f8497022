import * as vscode from "vscode";

/** The document of an experiment file. What is no ordinary file is not opened: reading a pipe may never end. */
export async function openExperiment(file: vscode.Uri): Promise<vscode.TextDocument> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
  if (open !== undefined) return open;
  const { type } = await vscode.workspace.fs.stat(file);
  if ((type & vscode.FileType.File) === 0) throw new Error(vscode.l10n.t("{0} is not an ordinary file, and is not read.", file.fsPath));
  return vscode.workspace.openTextDocument(file);
}

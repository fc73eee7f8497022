import * as vscode from "vscode";

/**
 * Shows the file that `npm start` names in the environment, in a window without editors: one that was reloaded has its editors again. An address
 * that names the file itself would make the workbench forget them.
 */
export async function showWantedFile(path: string | undefined): Promise<void> {
  const hasEditors = vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0);
  if (path === undefined || hasEditors) return;
  await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: false });
}

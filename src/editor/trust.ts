import * as vscode from "vscode";

/** Shown where a command is refused because the workspace is in Restricted Mode. */
export async function explainRestrictedMode(): Promise<void> {
  const manage = vscode.l10n.t("Manage Workspace Trust");
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t("Taskscope starts and stops runs only in a trusted workspace, because a run reads and writes files of the workspace."),
    manage,
  );
  if (chosen === manage) await vscode.commands.executeCommand("workbench.trust.manage");
}

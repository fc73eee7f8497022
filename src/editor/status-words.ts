import * as vscode from "vscode";
import type { StatusWords } from "./run-appearance.ts";

/** A run's status in the user's language. */
export function statusWords(): StatusWords {
  return {
    queued: vscode.l10n.t("queued"),
    starting: vscode.l10n.t("starting"),
    running: vscode.l10n.t("running"),
    stopping: vscode.l10n.t("stopping"),
    completed: vscode.l10n.t("completed"),
    stopped: vscode.l10n.t("stopped"),
    failed: vscode.l10n.t("failed"),
    crashed: vscode.l10n.t("crashed"),
  };
}

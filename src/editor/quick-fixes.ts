import * as vscode from "vscode";
import type { Diagnostic, Fix } from "../experiment/diagnostic.ts";
import type { Checker } from "./checker.ts";
import { withoutOverlap } from "./fix-all.ts";
import { toRange } from "./ranges.ts";

const fixAll = vscode.CodeActionKind.SourceFixAll.append("taskscope");

/** Repairs offered with the diagnostics of the current version, one by one or all preferred ones at once. */
export class QuickFixes implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix, fixAll];
  readonly #checker: Checker;

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range, context: vscode.CodeActionContext): vscode.CodeAction[] {
    const diagnostics = this.#checker.of(document);
    const actions: vscode.CodeAction[] = [];
    if (wants(context, vscode.CodeActionKind.QuickFix)) {
      const here = diagnostics.filter((each) => toRange(each.range).intersection(range) !== undefined);
      actions.push(...here.flatMap((each) => each.fixes.map((fix) => quickFix(document, each, fix, context))));
    }
    if (wants(context, fixAll)) actions.push(...fixAllAction(document, diagnostics));
    return actions;
  }
}

function wants({ only }: vscode.CodeActionContext, kind: vscode.CodeActionKind): boolean {
  return only === undefined || only.contains(kind);
}

function quickFix(document: vscode.TextDocument, diagnostic: Diagnostic, fix: Fix, context: vscode.CodeActionContext): vscode.CodeAction {
  const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
  action.edit = edit(document, [fix]);
  action.isPreferred = fix.preferred;
  action.diagnostics = context.diagnostics.filter(
    (each) => each.message === diagnostic.message && each.range.isEqual(toRange(diagnostic.range)),
  );
  return action;
}

function fixAllAction(document: vscode.TextDocument, diagnostics: readonly Diagnostic[]): vscode.CodeAction[] {
  const fixes = withoutOverlap(diagnostics.flatMap((each) => each.fixes.filter(({ preferred }) => preferred)));
  if (fixes.length === 0) return [];
  const action = new vscode.CodeAction(vscode.l10n.t("Repair all that has one clear repair"), fixAll);
  action.edit = edit(document, fixes);
  return [action];
}

function edit(document: vscode.TextDocument, fixes: readonly Fix[]): vscode.WorkspaceEdit {
  const edits = new vscode.WorkspaceEdit();
  for (const fix of fixes) edits.replace(document.uri, toRange(fix.range), fix.replacement);
  return edits;
}

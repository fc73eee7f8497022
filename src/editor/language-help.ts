import * as vscode from "vscode";
import type { Completion, KnownColumn } from "../experiment/completion.ts";
import { isExperimentFile } from "./experiment-files.ts";
import { toRange } from "./ranges.ts";

/** Completion and hover for experiment files, from the one schema and the catalogues. */
export class LanguageHelp implements vscode.CompletionItemProvider, vscode.HoverProvider {
  readonly #columnsOf: (file: string) => readonly KnownColumn[];

  /** `columnsOf`: columns of the data that an experiment file reads, as far as they are known. */
  constructor(columnsOf: (file: string) => readonly KnownColumn[]) {
    this.#columnsOf = columnsOf;
  }

  async provideCompletionItems(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.CompletionItem[]> {
    if (!isExperimentFile(document.uri)) return [];
    const { completionsAt } = await import("../experiment/completion.ts");
    const found = completionsAt(document.getText(), document.offsetAt(position), this.#columnsOf(document.uri.fsPath));
    return found.map(toItem);
  }

  async provideHover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | undefined> {
    if (!isExperimentFile(document.uri)) return undefined;
    const { hoverAt } = await import("../experiment/hover.ts");
    const found = hoverAt(document.getText(), document.offsetAt(position));
    return found && new vscode.Hover(new vscode.MarkdownString(found.markdown), toRange(found.range));
  }
}

function toItem({ label, kind, detail, markdown, snippet, range }: Completion, index: number): vscode.CompletionItem {
  const item = new vscode.CompletionItem({ label, description: detail }, kinds[kind]);
  item.documentation = new vscode.MarkdownString(markdown);
  item.insertText = new vscode.SnippetString(snippet);
  item.range = toRange(range);
  item.filterText = label;
  // The snippet brings its own indentation.
  item.keepWhitespace = true;
  // The schema's order tells more than the alphabet.
  item.sortText = String(index).padStart(4, "0");
  return item;
}

const kinds: Readonly<Record<Completion["kind"], vscode.CompletionItemKind>> = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.EnumMember,
  balancer: vscode.CompletionItemKind.Method,
  layer: vscode.CompletionItemKind.Class,
  column: vscode.CompletionItemKind.Field,
};

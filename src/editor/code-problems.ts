import * as vscode from "vscode";
import type { CodePlace } from "../experiment/code-place.ts";

/** A problem in a file of the user's own code. */
export interface CodeProblem {
  readonly place: CodePlace;
  readonly message: string;
  readonly severity: vscode.DiagnosticSeverity;
  readonly source: string;
  readonly code?: vscode.Diagnostic["code"];
}

/**
 * Problems in the user's own code, found by checks of experiments and by runs that failed. Several may find the same: each says
 * what it found, and of one place the same is shown once.
 */
export class CodeProblems implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection("taskscope-code");
  readonly #found = new Map<string, readonly CodeProblem[]>();

  /** Replaces what `finder` has found. */
  set(finder: string, problems: readonly CodeProblem[]): void {
    const before = this.#found.get(finder) ?? [];
    if (before.length === 0 && problems.length === 0) return;
    if (problems.length === 0) this.#found.delete(finder);
    else this.#found.set(finder, problems);
    for (const file of new Set([...before, ...problems].map(({ place }) => place.file))) this.#show(file);
  }

  dispose(): void {
    this.#collection.dispose();
  }

  #show(file: string): void {
    const all = [...this.#found.values()].flat().filter(({ place }) => place.file === file);
    const seen = new Set<string>();
    const distinct = all.filter(({ place: { line, column }, message }) => {
      const key = `${line}:${column} ${message}`;
      return !seen.has(key) && seen.add(key);
    });
    this.#collection.set(vscode.Uri.file(file), distinct.map(toDiagnostic));
  }
}

/** An empty range is shown as the word that begins there. */
export function toCodeRange({ line, column }: CodePlace): vscode.Range {
  const start = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
  return new vscode.Range(start, start);
}

function toDiagnostic({ place, message, severity, source, code }: CodeProblem): vscode.Diagnostic {
  const problem = new vscode.Diagnostic(toCodeRange(place), message, severity);
  problem.source = source;
  if (code !== undefined) problem.code = code;
  return problem;
}

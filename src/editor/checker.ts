import { basename } from "node:path";
import * as vscode from "vscode";
import type { Diagnostic, Severity } from "../experiment/diagnostic.ts";
import { toCodeRange, type CodeProblem, type CodeProblems } from "./code-problems.ts";
import type { Check } from "./engine.ts";
import { isExperimentFile } from "./experiment-files.ts";
import { toRange } from "./ranges.ts";

/** Quiet time after a keystroke before a check begins, in milliseconds. */
const quiet = 80;

/** A list of diagnostics and the document version it belongs to. */
interface Checked {
  readonly version: number;
  readonly diagnostics: readonly Diagnostic[];
}

/** Keeps the Problems view of open experiment files equal to what `taskscope check` prints. */
export class Checker implements vscode.Disposable {
  readonly #check: Check;
  readonly #log: vscode.LogOutputChannel;
  readonly #docs: vscode.Uri;
  readonly #code: CodeProblems;
  readonly #collection = vscode.languages.createDiagnosticCollection("taskscope");
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #checked = new Map<string, Checked>();
  readonly #subscriptions: vscode.Disposable[];

  /** `docs`: the page with a paragraph for each code; `code`: where problems of the user's own code are shown. */
  constructor(check: Check, docs: vscode.Uri, code: CodeProblems, log: vscode.LogOutputChannel) {
    this.#check = check;
    this.#log = log;
    this.#docs = docs;
    this.#code = code;
    this.#subscriptions = [
      this.#collection,
      vscode.workspace.onDidOpenTextDocument((document) => this.#schedule(document, 0)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#schedule(document, quiet)),
      vscode.workspace.onDidSaveTextDocument(() => this.#checkAll()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#checkAll()),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
      vscode.workspace.onDidDeleteFiles(({ files }) => files.forEach((file) => this.#forget(file))),
    ];
    this.#checkAll();
  }

  /** The diagnostics of this very version of the document; empty while it has not been checked. */
  of(document: vscode.TextDocument): readonly Diagnostic[] {
    const checked = this.#checked.get(document.uri.toString());
    return checked?.version === document.version ? checked.diagnostics : [];
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** A saved file may be the data of an experiment, so every open experiment is looked at again. */
  #checkAll(): void {
    for (const document of vscode.workspace.textDocuments) this.#schedule(document, 0);
  }

  #schedule(document: vscode.TextDocument, delay: number): void {
    if (!isExperimentFile(document.uri)) return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => void this.#run(document), delay),
    );
  }

  async #run(document: vscode.TextDocument): Promise<void> {
    const { version } = document;
    try {
      const { diagnostics } = await this.#check(document.getText(), document.uri.fsPath);
      if (document.isClosed || document.version !== version) return;
      this.#checked.set(document.uri.toString(), { version, diagnostics });
      this.#collection.set(
        document.uri,
        diagnostics.map((each) => toProblem(each, this.#docs)),
      );
      this.#code.set(
        document.uri.toString(),
        diagnostics.flatMap((each) => toCodeProblem(each, this.#docs)),
      );
    } catch (error) {
      const message = `This file could not be checked. ${error instanceof Error ? error.message : String(error)}`;
      this.#log.error(`${document.uri.fsPath}: ${message}`);
      const top = new vscode.Range(0, 0, 0, 0);
      this.#collection.set(document.uri, [new vscode.Diagnostic(top, message, vscode.DiagnosticSeverity.Warning)]);
    }
  }

  #forget(uri: vscode.Uri): void {
    const key = uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#checked.delete(key);
    this.#collection.delete(uri);
    this.#code.set(key, []);
  }
}

function toProblem(diagnostic: Diagnostic, docs: vscode.Uri): vscode.Diagnostic {
  const { message, origin } = diagnostic;
  const where = origin === undefined ? "" : `${basename(origin.file)}:${origin.line}:${origin.column} `;
  const problem = new vscode.Diagnostic(toRange(diagnostic.range), where + message, severities[diagnostic.severity]);
  problem.source = "Taskscope";
  problem.code = codeOf(diagnostic, docs);
  if (origin !== undefined) {
    const place = new vscode.Location(vscode.Uri.file(origin.file), toCodeRange(origin));
    problem.relatedInformation = [new vscode.DiagnosticRelatedInformation(place, message)];
  }
  return problem;
}

function toCodeProblem(diagnostic: Diagnostic, docs: vscode.Uri): readonly CodeProblem[] {
  const { origin, message, severity } = diagnostic;
  if (origin === undefined) return [];
  return [{ place: origin, message, severity: severities[severity], source: "Taskscope", code: codeOf(diagnostic, docs) }];
}

function codeOf({ code }: Diagnostic, docs: vscode.Uri): vscode.Diagnostic["code"] & object {
  return { value: code, target: docs.with({ fragment: code.toLowerCase() }) };
}

const severities: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};

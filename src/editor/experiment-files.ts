import path from "node:path";
import * as vscode from "vscode";
import { byName } from "./experiment-order.ts";

const pattern = "**/*.mtl.yaml";
const elsewhere = "**/{node_modules,.taskscope}/**";

/** Documents that get checks, completion, hover and lenses. The language stays YAML, with all its highlighting. */
export const experimentSelector: vscode.DocumentSelector = { scheme: "file", pattern };

/** Whether this is an experiment file, and not the copy that a run keeps of one. */
export function isExperimentFile(uri: vscode.Uri): boolean {
  if (uri.scheme !== "file" || !uri.path.endsWith(".mtl.yaml")) return false;
  return !uri.path.split("/").some((part) => part === "node_modules" || part === ".taskscope");
}

/** The folder whose `.taskscope` holds the runs of this file: its workspace folder, else its own folder. */
export function runsRootOf(file: vscode.Uri): string {
  return vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath ?? path.dirname(file.fsPath);
}

/** The experiment files of the workspace, kept up to date by a file watcher. */
export class ExperimentFiles implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watcher = vscode.workspace.createFileSystemWatcher(pattern, false, true, false);
  readonly #subscriptions: vscode.Disposable[];
  #files = new Map<string, vscode.Uri>();
  #search: Promise<void> | undefined;

  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscriptions = [
      this.#changed,
      this.#watcher,
      this.#watcher.onDidCreate((file) => this.#add(file)),
      this.#watcher.onDidDelete((file) => this.#remove(file)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.search()),
    ];
  }

  /** In the order of their names. */
  get files(): readonly vscode.Uri[] {
    return [...this.#files.values()].sort((a, b) => byName(a.path, b.path));
  }

  /** Resolves once the workspace has been searched for the first time. */
  searched(): Promise<void> {
    return this.#search ?? this.search();
  }

  search(): Promise<void> {
    this.#search = this.#find();
    return this.#search;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #find(): Promise<void> {
    const found = await vscode.workspace.findFiles(pattern, elsewhere);
    this.#files = new Map(found.filter(isExperimentFile).map((file) => [file.toString(), file]));
    this.#changed.fire();
  }

  #add(file: vscode.Uri): void {
    if (!isExperimentFile(file)) return;
    this.#files.set(file.toString(), file);
    this.#changed.fire();
  }

  #remove(file: vscode.Uri): void {
    if (this.#files.delete(file.toString())) this.#changed.fire();
  }
}

import path from "node:path";
import * as vscode from "vscode";
import type { RunSummary } from "../runs/contract.ts";
import { pathKey } from "../runs/path-key.ts";
import type { ExperimentFiles } from "./experiment-files.ts";
import { byName } from "./experiment-order.ts";
import { isActive, runAppearance } from "./run-appearance.ts";
import type { RunMonitor, UnreadableRun } from "./run-monitor.ts";
import { type RunNode, RunRows } from "./run-rows.ts";
import { statusWords } from "./status-words.ts";

export interface ExperimentNode {
  readonly kind: "experiment";
  readonly file: vscode.Uri;
  /** False where runs are left of a file that is gone. */
  readonly exists: boolean;
}

/** A run folder that cannot be read. Of which experiment it was is not known. */
export interface UnreadableNode {
  readonly kind: "unreadable";
  readonly entry: UnreadableRun;
}

export type TreeNode = ExperimentNode | RunNode | UnreadableNode;

/**
 * Experiment files and, under each, its runs, newest first; below them run folders that cannot be read. A run that goes on
 * redraws its own row only.
 */
export class ExperimentsTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #files: ExperimentFiles;
  readonly #runs: RunMonitor;
  readonly #rows = new RunRows();
  /** What the rows of unreadable runs say now. */
  #unreadable = "[]";
  readonly #changed = new vscode.EventEmitter<TreeNode[] | undefined>();
  readonly #subscriptions: vscode.Disposable[];

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(files: ExperimentFiles, runs: RunMonitor) {
    this.#files = files;
    this.#runs = runs;
    this.#subscriptions = [
      this.#changed,
      files.onDidChange(() => this.#changed.fire(undefined)),
      runs.onDidChange(() => this.#refreshRuns()),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (node === undefined) {
      await this.#files.searched();
      return [...this.#experiments(), ...this.#runs.unreadable.map((entry): UnreadableNode => ({ kind: "unreadable", entry }))];
    }
    if (node.kind !== "experiment") return [];
    return this.#runs.of(node.file.fsPath).map((run) => this.#rows.of(run));
  }

  getParent(node: TreeNode): TreeNode | undefined {
    if (node.kind !== "run") return undefined;
    const file = pathKey(node.run.experimentFile);
    return this.#experiments().find((experiment) => pathKey(experiment.file.fsPath) === file);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    switch (node.kind) {
      case "experiment":
        return this.#experimentItem(node);
      case "run":
        return runItem(node.run);
      case "unreadable":
        return unreadableItem(node.entry);
    }
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    if (node.kind === "run") item.tooltip = runTooltip(node.run);
    return item;
  }

  #refreshRuns(): void {
    const rows = this.#rows.update(this.#runs.all);
    const unreadable = JSON.stringify(this.#runs.unreadable);
    const sameUnreadable = unreadable === this.#unreadable;
    this.#unreadable = unreadable;
    if (!sameUnreadable) this.#changed.fire(undefined);
    else if (rows?.length !== 0) this.#changed.fire(rows);
  }

  #experiments(): ExperimentNode[] {
    const present = this.#files.files.map((file): ExperimentNode => ({ kind: "experiment", file, exists: true }));
    const known = new Set(present.map(({ file }) => pathKey(file.fsPath)));
    const gone = new Map(this.#runs.all.map((run) => [pathKey(run.experimentFile), run.experimentFile]));
    for (const key of known) gone.delete(key);
    return [
      ...present,
      ...[...gone.values()]
        .sort(byName)
        .map((file): ExperimentNode => ({ kind: "experiment", file: vscode.Uri.file(file), exists: false })),
    ];
  }

  #experimentItem({ file, exists }: ExperimentNode): vscode.TreeItem {
    const runs = this.#runs.of(file.fsPath);
    const state = runs.length === 0 ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Expanded;
    const item = new vscode.TreeItem(path.basename(file.fsPath).replace(/\.mtl\.yaml$/, ""), state);
    const folder = path.dirname(vscode.workspace.asRelativePath(file));
    // The workbench remembers a row without children as closed: with its first run it becomes another row, which is open.
    item.id = runs.length === 0 ? file.toString() : `${file.toString()}#runs`;
    item.iconPath = new vscode.ThemeIcon(exists ? "beaker" : "question");
    item.description = exists ? (folder === "." ? "" : folder) : vscode.l10n.t("file is not in this workspace");
    item.contextValue = exists ? "experiment" : "gone";
    item.tooltip = file.fsPath;
    if (exists) {
      item.resourceUri = file;
      item.command = { command: "vscode.open", title: vscode.l10n.t("Open"), arguments: [file] };
    }
    return item;
  }
}

/** The tree in the side bar, with the number of active runs on its icon. */
export function showTree(tree: ExperimentsTree, runs: RunMonitor): vscode.Disposable {
  const view = vscode.window.createTreeView("taskscope.experiments", { treeDataProvider: tree, showCollapseAll: true });
  const update = () => {
    const active = runs.all.filter(isActive).length;
    view.badge = active === 0 ? undefined : { value: active, tooltip: vscode.l10n.t("Active runs: {0}", active) };
    view.message = vscode.workspace.isTrusted ? "" : vscode.l10n.t("Restricted Mode: experiments are checked and shown, but not run.");
  };
  update();
  return vscode.Disposable.from(view, runs.onDidChange(update), vscode.workspace.onDidGrantWorkspaceTrust(update));
}

function runItem(run: RunSummary): vscode.TreeItem {
  const look = runAppearance(run, statusWords(), Date.now());
  const item = new vscode.TreeItem(look.label, vscode.TreeItemCollapsibleState.None);
  item.id = run.folder;
  item.description = look.description;
  item.iconPath = new vscode.ThemeIcon(look.icon, look.colour === undefined ? undefined : new vscode.ThemeColor(look.colour));
  item.contextValue = look.context;
  item.accessibilityInformation = { label: `${look.label}, ${statusWords()[run.status]}, ${look.description}` };
  item.command = { command: "taskscope.openDashboard", title: vscode.l10n.t("Open Dashboard"), arguments: [{ kind: "run", run }] };
  return item;
}

function unreadableItem({ id, folder, message }: UnreadableRun): vscode.TreeItem {
  const item = new vscode.TreeItem(id, vscode.TreeItemCollapsibleState.None);
  item.id = folder;
  item.description = vscode.l10n.t("cannot be read");
  item.iconPath = new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
  item.contextValue = "unreadable";
  item.tooltip = message;
  item.accessibilityInformation = { label: `${id}, ${item.description}, ${message}` };
  return item;
}

function runTooltip(run: RunSummary): vscode.MarkdownString {
  const words = statusWords();
  const text = new vscode.MarkdownString();
  const lines = [
    `${run.name} — ${run.balancer}`,
    run.reason === null ? words[run.status] : `${words[run.status]}: ${run.reason}`,
    vscode.l10n.t("Seed {0}, step {1}, epoch {2}", run.seed, run.step, run.epoch.toFixed(1)),
    run.description === null ? "" : vscode.l10n.t("Backend {0}", run.description.backend),
    ...run.overrides,
    run.id,
  ];
  for (const line of lines.filter((each) => each !== "")) text.appendText(line).appendMarkdown("\n\n");
  return text;
}

import * as vscode from "vscode";
import type { RunSummary } from "../runs/contract.ts";
import { pathKey } from "../runs/path-key.ts";
import type { RunEntry } from "../runs/registry.ts";
import type { ExperimentFiles } from "./experiment-files.ts";
import { isActive } from "./run-appearance.ts";

/** How often active runs are looked at, in milliseconds. */
const interval = 1000;
/** While no run is active, how often the folders of runs are looked at: network file systems tell no watcher of changes. */
const quietInterval = 5000;

/** A run folder that cannot be read, and why. */
export type UnreadableRun = Extract<RunEntry, { readonly kind: "unreadable" }>;

/** Where the monitor gets its knowledge from: the run folders below a root, and the state of each by evidence. */
export interface RunSource {
  /** Every run below `<root>/.taskscope/runs`, newest first. */
  list(root: string): Promise<readonly RunEntry[]>;
  /** Changes whenever a run appears or goes; cheap. */
  stampOf(root: string): Promise<string>;
  /** Where the command line puts the runs of an experiment file. */
  rootOf(experimentFile: string): Promise<string>;
}

/**
 * What is known of the runs of all roots: workspace folders, and wherever the command line puts runs of the experiment
 * files there. Changes come from watchers on run folders and from looking: once a second while a run is active,
 * else every few seconds at the folders alone.
 */
export class RunMonitor implements vscode.Disposable {
  readonly #source: RunSource;
  readonly #files: ExperimentFiles;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #ended = new vscode.EventEmitter<RunSummary>();
  readonly #watchers = new Map<string, vscode.Disposable>();
  readonly #subscriptions: vscode.Disposable[];
  readonly #looseRoots = new Set<string>();
  #byRoot = new Map<string, readonly RunEntry[]>();
  #stamps = "";
  #refreshing: Promise<void> | undefined;
  #asked = 0;
  #disposed = false;
  #timer: NodeJS.Timeout | undefined;

  /** A run appeared, went, or looks different. */
  readonly onDidChange = this.#changed.event;
  /** A run that was active before is so no more. */
  readonly onDidEnd = this.#ended.event;

  constructor(source: RunSource, files: ExperimentFiles, log: vscode.LogOutputChannel) {
    this.#source = source;
    this.#files = files;
    this.#log = log;
    this.#subscriptions = [
      this.#changed,
      this.#ended,
      files.onDidChange(() => this.refresh()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
    ];
  }

  /** Newest first. */
  get all(): readonly RunSummary[] {
    return this.#entries.flatMap((entry) => (entry.kind === "run" ? [entry.summary] : []));
  }

  /** Run folders that cannot be read. */
  get unreadable(): readonly UnreadableRun[] {
    return this.#entries.flatMap((entry) => (entry.kind === "unreadable" ? [entry] : []));
  }

  of(experimentFile: string): readonly RunSummary[] {
    const key = pathKey(experimentFile);
    return this.all.filter((run) => pathKey(run.experimentFile) === key);
  }

  get(id: string): RunSummary | undefined {
    return this.all.find((run) => run.id === id);
  }

  /** Looks at `root` too from now on: a run was started there, outside the workspace folders. */
  addRoot(root: string): void {
    this.#looseRoots.add(root);
  }

  /** Reads all roots; a call during a reading makes one more reading after it, and resolves after that. */
  refresh(): Promise<void> {
    this.#asked += 1;
    this.#refreshing ??= this.#refreshUntilQuiet().finally(() => {
      this.#refreshing = undefined;
      this.#schedule();
    });
    return this.#refreshing;
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    for (const subscription of [...this.#subscriptions, ...this.#watchers.values()]) subscription.dispose();
  }

  async #refreshUntilQuiet(): Promise<void> {
    for (let answered = -1; answered !== this.#asked;) {
      answered = this.#asked;
      await this.#read();
    }
  }

  get #entries(): readonly RunEntry[] {
    return [...this.#byRoot.values()].flat().sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  async #read(): Promise<void> {
    const before = this.#entries;
    const next = new Map<string, readonly RunEntry[]>();
    const roots = await this.#roots();
    if (!this.#disposed) this.#watch(roots);
    this.#stamps = await this.#stampsOf(roots);
    for (const root of roots) {
      try {
        next.set(root, await this.#source.list(root));
      } catch (error) {
        this.#log.error(`The runs below ${root} could not be read: ${String(error)}`);
        next.set(root, this.#byRoot.get(root) ?? []);
      }
    }
    this.#byRoot = next;
    this.#announce(before);
  }

  #announce(before: readonly RunEntry[]): void {
    if (JSON.stringify(before) === JSON.stringify(this.#entries)) return;
    this.#changed.fire();
    const wasActive = new Set(before.filter((entry) => entry.kind === "run" && isActive(entry.summary)).map(({ id }) => id));
    for (const run of this.all) if (wasActive.has(run.id) && !isActive(run)) this.#ended.fire(run);
  }

  async #roots(): Promise<Set<string>> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const ofFiles = await Promise.all(this.#files.files.map(({ fsPath }) => this.#source.rootOf(fsPath)));
    const roots = [...folders.map(({ uri }) => uri.fsPath), ...ofFiles, ...this.#looseRoots];
    return new Set(new Map(roots.map((root) => [pathKey(root), root])).values());
  }

  async #stampsOf(roots: ReadonlySet<string>): Promise<string> {
    const stamps = await Promise.all([...roots].map((root) => this.#source.stampOf(root).catch(String)));
    return stamps.join("\n");
  }

  /** A run appears when its folder is renamed into place, whole. */
  #watch(roots: ReadonlySet<string>): void {
    for (const [root, watcher] of this.#watchers) {
      if (roots.has(root)) continue;
      watcher.dispose();
      this.#watchers.delete(root);
    }
    for (const root of roots) {
      if (this.#watchers.has(root)) continue;
      const pattern = new vscode.RelativePattern(vscode.Uri.file(root), ".taskscope/runs/*");
      const watcher = vscode.workspace.createFileSystemWatcher(pattern, false, true, false);
      const refresh = () => void this.refresh();
      this.#watchers.set(root, vscode.Disposable.from(watcher, watcher.onDidCreate(refresh), watcher.onDidDelete(refresh)));
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#disposed) return;
    const active = this.all.some(isActive);
    this.#timer = setTimeout(() => void (active ? this.refresh() : this.#lookQuietly()), active ? interval : quietInterval);
  }

  async #lookQuietly(): Promise<void> {
    const stamps = await this.#stampsOf(await this.#roots());
    if (stamps === this.#stamps) this.#schedule();
    else await this.refresh();
  }
}

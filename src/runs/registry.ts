import { existsSync, readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type RunId, runFiles, type RunSummary, terminalStatuses } from "./contract.ts";
import { rootsBelow } from "./elsewhere.ts";
import { draftPrefix, runsFolderOf } from "./run-folder.ts";
import { isLocked } from "./store/patience.ts";
import { RunReader } from "./store/run-reader.ts";
import { RunStoreError } from "./store/store-error.ts";
import { moveToTrash } from "./trash.ts";

/** A folder below `.taskscope/runs`: a run, or one that cannot be read, with what to do about it. Nothing is hidden. */
export type RunEntry =
  | { readonly kind: "run"; readonly id: RunId; readonly folder: string; readonly summary: RunSummary }
  | { readonly kind: "unreadable"; readonly id: RunId; readonly folder: string; readonly message: string; readonly locked: boolean };

/**
 * The runs of workspaces. Keeps what it read of ended runs until their files change, so that listing again is cheap, and what it
 * last read of the others, for moments when a store is locked.
 */
export class RunRegistry {
  readonly #ended = new Map<string, { readonly signature: string; readonly entry: RunEntry }>();
  readonly #last = new Map<string, RunEntry>();

  /** Every run below `<root>/.taskscope/runs`, newest first. */
  list(root: string, now: number = Date.now()): RunEntry[] {
    return runFoldersOf(root).map((folder) => this.#entry(folder, now));
  }

  /**
   * Changes whenever a run appears, goes, or is taken up again; costs much less than a listing. For places where nobody tells of
   * changes (network file systems).
   */
  stampOf(root: string): string {
    const runs = runsFolderOf(root);
    const folders = [runs, ...runFoldersOf(root)];
    return folders.map((folder) => `${basename(folder)}:${statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? "–"}`).join(" ");
  }

  #entry(folder: string, now: number): RunEntry {
    const signature = signatureOf(folder);
    const known = this.#ended.get(folder);
    if (known?.signature === signature) return known.entry;
    const entry = readEntry(folder, now);
    if (entry.kind === "unreadable" && entry.locked) return this.#last.get(folder) ?? entry;
    this.#last.set(folder, entry);
    if (entry.kind === "run" && isEnded(entry.summary)) this.#ended.set(folder, { signature, entry });
    else this.#ended.delete(folder);
    return entry;
  }
}

/** One run folder as it is now. Whatever is wrong with it concerns this folder alone. */
export function readEntry(folder: string, now: number = Date.now()): RunEntry {
  const id = basename(folder);
  try {
    using reader = RunReader.open(folder);
    // A copied or renamed folder is a run of its own, under the name it has now.
    return { kind: "run", id, folder, summary: { ...reader.summary(now), id } };
  } catch (error) {
    return { kind: "unreadable", id, folder, message: messageOf(error, folder), locked: isLocked(error) };
  }
}

function messageOf(error: unknown, folder: string): string {
  if (error instanceof RunStoreError) return error.message;
  return `The run in ${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

export function isEnded({ status }: Pick<RunSummary, "status">): boolean {
  return terminalStatuses.includes(status);
}

/** How a run was asked for and not found, or not told apart; the message says what there is. */
export class RunNotFoundError extends Error {
  override readonly name = "RunNotFoundError";
}

/** The folder of a run named by its id, by a beginning of its id that no other run has, or by a path. Throws `RunNotFoundError`. */
export function findRun(root: string, asked: string): string {
  const path = resolve(asked);
  if (existsSync(join(path, runFiles.store))) return path;
  const folders = runFoldersOf(root);
  const exact = folders.find((folder) => basename(folder) === asked);
  if (exact !== undefined) return exact;
  const matches = folders.filter((folder) => basename(folder).startsWith(asked));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  if (matches.length > 1) {
    throw new RunNotFoundError(`"${asked}" could be any of ${matches.map((folder) => basename(folder)).join(", ")}. Give more of the id.`);
  }
  const elsewhere = rootsBelow(root).find((below) => runFoldersOf(below).some((folder) => basename(folder).startsWith(asked)));
  const hint =
    elsewhere === undefined
      ? ""
      : ` There is one in ${runsFolderOf(elsewhere)}: call the command in ${elsewhere}, or give the run's folder.`;
  throw new RunNotFoundError(
    folders.length === 0
      ? `There are no runs in ${runsFolderOf(root)}.${hint}`
      : `There is no run "${asked}" in ${runsFolderOf(root)}. "taskscope list" shows all.${hint}`,
  );
}

/** Thrown where something is asked of a run that its status does not allow. */
export class RunBusyError extends Error {
  override readonly name = "RunBusyError";
}

/**
 * Takes a run out of the list by moving its folder to the trash; gives the new place. Throws `RunBusyError` while it is active.
 * A folder that cannot be read may be moved: nothing can be running in it that we could tell.
 */
export function discardRun(folder: string): string {
  const entry = readEntry(folder);
  if (entry.kind === "run" && !isEnded(entry.summary)) {
    throw new RunBusyError(`The run ${entry.id} is ${entry.summary.status}. Stop it before deleting it.`);
  }
  if (basename(dirname(folder)) !== "runs") throw new RunBusyError(`${folder} is not in a runs folder of Taskscope; delete it by hand.`);
  return moveToTrash(folder);
}

/** Newest first; drafts and stray files are left out. */
function runFoldersOf(root: string): string[] {
  const runs = runsFolderOf(root);
  if (!existsSync(runs)) return [];
  return readdirSync(runs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(draftPrefix))
    .map(({ name }) => name)
    .sort()
    .reverse()
    .map((name) => join(runs, name));
}

/** Changes with every commit, whatever journal is used. An empty log says nothing: reading alone makes one. */
function signatureOf(folder: string): string {
  const store = join(folder, runFiles.store);
  return [store, `${store}-wal`]
    .map(statOrNothing)
    .map((stat) => (stat === undefined || stat.size === 0 ? "–" : `${stat.mtimeMs}:${stat.size}`))
    .join(" ");
}

/** A folder that may not be looked into has no signature; reading it tells why. */
function statOrNothing(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cpus, hostname, release, totalmem, type as systemName } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type RunId, runFiles } from "./contract.ts";
import { gitState } from "./git-state.ts";
import { createStore } from "./store/create-store.ts";

/** What a new run is made from. */
export interface RunOrder {
  /** Absolute path of the experiment file. Paths in it are resolved against its folder. */
  readonly experimentFile: string;
  /** Text of the experiment, overrides applied and marked; without overrides the file's exact text. */
  readonly config: string;
  readonly name: string;
  readonly balancer: string;
  readonly seed: number;
  /** `path=value`, as given. */
  readonly overrides: readonly string[];
  /** Version of Taskscope. */
  readonly version: string;
}

export interface CreatedRun {
  readonly id: RunId;
  readonly folder: string;
}

/** Folder with the runs of a workspace. */
export function runsFolderOf(root: string): string {
  return join(root, ".taskscope", "runs");
}

/** Where runs of an experiment file go outside an editor: the nearest folder above with `.taskscope` or `.git`, else its own. */
export function findRoot(experimentFile: string): string {
  const own = dirname(resolve(experimentFile));
  for (let folder = own; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".taskscope")) || existsSync(join(folder, ".git"))) return folder;
    if (dirname(folder) === folder) return own;
  }
}

/**
 * Makes the folder of a new run below `<root>/.taskscope/runs`, in status `queued`. It appears whole or not at all.
 * Throws `RunFolderError` where nothing may be written, `RunStoreError`, or the file system's error.
 */
export async function createRun(root: string, order: RunOrder, now: number = Date.now()): Promise<CreatedRun> {
  const runs = runsFolderOf(root);
  const git = await gitState(dirname(order.experimentFile));
  const { id, draft } = writableIn(root, () => {
    mkdirSync(runs, { recursive: true });
    keepOutOfGit(root);
    return claimId(runs, order.name, now);
  });
  try {
    writeFileSync(join(draft, runFiles.config), order.config);
    writeFileSync(join(draft, runFiles.log), "");
    mkdirSync(join(draft, runFiles.checkpoints));
    createStore(join(draft, runFiles.store), {
      id,
      name: order.name,
      experimentFile: order.experimentFile,
      balancer: order.balancer,
      seed: order.seed,
      createdAt: now,
      git,
      versions: { taskscope: order.version, node: process.versions.node },
      environment: environment(),
      overrides: order.overrides,
    });
    const folder = join(runs, id);
    renameSync(draft, folder);
    return { id, folder };
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Thrown where no run can be made, with what to do about it. */
export class RunFolderError extends Error {
  override readonly name = "RunFolderError";
}

/** Where nothing may be written, with what to do about it. */
export function writableIn<T>(root: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
      const where = join(root, ".taskscope");
      throw new RunFolderError(
        `Runs are kept in ${where}, and that cannot be written${code === "EROFS" ? ": the disk is read-only" : ""}. ` +
          `Allow writing there, or copy the experiment and its data to a folder of your own.`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Runs may be large, and belong to this machine. */
function keepOutOfGit(root: string): void {
  const file = join(root, ".taskscope", ".gitignore");
  if (!existsSync(file)) writeFileSync(file, "*\n");
}

/** Claims a free id by making its draft folder; another run of the same millisecond takes the next one. */
function claimId(runs: string, name: string, now: number): { readonly id: RunId; readonly draft: string } {
  for (let moment = now; ; moment++) {
    const id = runIdOf(name, moment);
    const draft = join(runs, `${draftPrefix}${id}`);
    if (existsSync(join(runs, id))) continue;
    try {
      mkdirSync(draft);
      return { id, draft };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

/** Folders with this prefix are not runs yet. */
export const draftPrefix = ".new-";

/** `20261123-230507-123-multi-mnist`, in universal time so that ids sort by time wherever they were made. */
export function runIdOf(name: string, moment: number): RunId {
  const digits = new Date(moment).toISOString().replace(/[-:.Z]/g, "");
  return `${digits.slice(0, 8)}-${digits.slice(9, 15)}-${digits.slice(15, 18)}-${name.slice(0, 60)}`;
}

function environment(): Record<string, string> {
  const processors = cpus();
  return {
    host: hostname(),
    system: `${systemName()} ${release()} ${process.arch}`,
    processor: processors[0]?.model ?? "unknown",
    cores: String(processors.length),
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
  };
}

import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { runFiles } from "./contract.ts";
import { draftPrefix, runsFolderOf, writableIn } from "./run-folder.ts";
import { createStore } from "./store/create-store.ts";
import { RunWriter } from "./store/run-writer.ts";
import type { JournalMode } from "./store/store-schema.ts";

export interface TriedRun {
  /** `wal`, or `delete` where the file system does not take a write-ahead log. */
  readonly journal: JournalMode;
  readonly freeBytes: number;
}

/**
 * Makes what a run below `root` would make, where nobody takes it for a run, and leaves nothing behind. Throws as `createRun` does:
 * `RunFolderError`, `RunStoreError`, or the file system's error.
 */
export function tryRun(root: string): TriedRun {
  const runs = runsFolderOf(root);
  const made = [runs, dirname(runs)].filter((folder) => !existsSync(folder));
  try {
    const draft = writableIn(root, () => {
      mkdirSync(runs, { recursive: true });
      return mkdtempSync(join(runs, `${draftPrefix}trial-`));
    });
    try {
      return { journal: journalIn(draft), freeBytes: freeBytesOf(draft) };
    } finally {
      rmSync(draft, { recursive: true });
    }
  } finally {
    for (const folder of made) removeEmpty(folder);
  }
}

function journalIn(draft: string): JournalMode {
  const nothing = { git: null, versions: {}, environment: {}, overrides: [] };
  createStore(join(draft, runFiles.store), {
    id: "trial",
    name: "trial",
    experimentFile: "",
    balancer: "",
    seed: 0,
    createdAt: 0,
    ...nothing,
  });
  const writer = RunWriter.open(draft);
  writer.close();
  return writer.journal;
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** By now another process may have put a run there. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOTEMPTY" && code !== "ENOENT") throw error;
  }
}

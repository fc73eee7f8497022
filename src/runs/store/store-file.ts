import { statSync, type BigIntStats } from "node:fs";
import { dirname } from "node:path";
import { RunStoreError } from "./store-error.ts";

/** The file that a store was opened from: a writer keeps it open, and does not notice when it is deleted, moved away or replaced. */
export class StoreFile {
  readonly #path: string;
  readonly #device: bigint;
  readonly #inode: bigint;

  private constructor(path: string, { dev, ino }: BigIntStats) {
    this.#path = path;
    this.#device = dev;
    this.#inode = ino;
  }

  /** Throws `RunStoreError` where there is none. */
  static at(path: string): StoreFile {
    const found = look(path);
    if (found === undefined)
      throw new RunStoreError("missing", path, `There is no file ${path}.`, "The run's folder was deleted or moved.");
    return new StoreFile(path, found);
  }

  /** Throws `RunStoreError` when the path leads nowhere, or to another file. */
  requireThere(): void {
    const found = look(this.#path);
    if (found === undefined) {
      throw new RunStoreError("missing", this.#path, `The run's folder ${dirname(this.#path)} was deleted or moved.`, lost);
    }
    // Windows lets nobody replace a file that is open, and not each of its file systems has lasting file numbers.
    if (process.platform === "win32" || (found.dev === this.#device && found.ino === this.#inode)) return;
    throw new RunStoreError("foreign", this.#path, `Another file has taken the place of ${this.#path}.`, lost);
  }
}

const lost = "What is trained could no longer be seen, so the training ends.";

/** A folder that may not be looked into, or a network that is away for a moment, says nothing about the file. */
function look(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

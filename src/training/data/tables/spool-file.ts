import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, rm, statfs, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DataError } from "../data-error.ts";

const prefix = "taskscope-rows-";

/** File systems on Linux that keep their files in memory: nothing is won by moving rows there. */
const memoryFileSystems: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/**
 * A temporary file of bytes that are appended and read back. Where the system allows it the file has no name from the beginning,
 * so that it is gone with the process however that ends; elsewhere it is removed when it is closed, or by the next one to be made
 * after a crash.
 */
export class SpoolFile {
  readonly #handle: FileHandle;
  /** Where it has a name to be removed. */
  readonly #path: string | undefined;
  readonly #folder: string;
  #bytes = 0;

  constructor(handle: FileHandle, folder: string, path?: string) {
    this.#handle = handle;
    this.#folder = folder;
    this.#path = path;
  }

  static async create(folder?: string): Promise<SpoolFile> {
    const place = folder ?? (await spoolFolder());
    await removeLeftovers(place);
    const path = join(place, `${prefix}${process.pid}-${randomUUID()}`);
    try {
      // Nobody else may read the rows, and no link that lies in wait is followed.
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
      return (await removed(path)) ? new SpoolFile(handle, place) : new SpoolFile(handle, place, path);
    } catch (error) {
      throw noRoom(place, 0, error);
    }
  }

  /** Offset of the appended bytes. */
  async append(bytes: Uint8Array): Promise<number> {
    const offset = this.#bytes;
    try {
      for (let done = 0; done < bytes.length;) {
        done += (await this.#handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      }
    } catch (error) {
      throw noRoom(this.#folder, offset, error);
    }
    this.#bytes += bytes.length;
    return offset;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw new RangeError(`The temporary file of the rows ends at ${offset + done}, before byte ${offset + length}.`);
      done += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
    if (this.#path !== undefined) await rm(this.#path, { force: true });
  }
}

/** The system's temporary folder; where that is kept in memory, the one beside it that is not. */
async function spoolFolder(): Promise<string> {
  const folder = tmpdir();
  if (process.env["TMPDIR"] !== undefined || process.platform !== "linux") return folder;
  return (await isInMemory(folder)) && !(await isInMemory("/var/tmp")) ? "/var/tmp" : folder;
}

async function isInMemory(folder: string): Promise<boolean> {
  try {
    return memoryFileSystems.has((await statfs(folder)).type);
  } catch {
    return true; // It is not there: no better than memory.
  }
}

/** Takes the name away from an open file. Windows may refuse that. */
async function removed(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (process.platform === "win32") return false;
    throw error;
  }
}

/** Files of processes that are no more. */
async function removeLeftovers(folder: string): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch {
    return; // Making the file tells what is wrong with its folder.
  }
  for (const name of names) {
    const owner = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    // Of another user's file the removal fails; it is that user's to remove.
    if (Number.isInteger(owner) && !isRunning(owner)) await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function noRoom(folder: string, bytes: number, error: unknown): DataError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const written = bytes === 0 ? "" : ` after ${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MiB`;
  const why =
    code === "ENOSPC" || code === "EDQUOT" ? `the disk is full${written}` : error instanceof Error ? error.message : String(error);
  return new DataError({
    code: "MTL326",
    path: ["data"],
    message:
      `The rows are more than fit in memory, and cannot be written to a temporary file in ${folder}: ${why}. ` +
      `Free some space there, name another folder in the environment variable ${process.platform === "win32" ? "TEMP" : "TMPDIR"}, or raise data.memory.`,
  });
}

import { constants, type Stats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { DataError } from "../data-error.ts";

/**
 * Opens a file for reading. A check opens whatever an experiment names while it is being typed, so only an ordinary file is opened.
 * The caller closes it. Throws `DataError` MTL310 (no file), MTL320 (not an ordinary file).
 */
export async function openOrdinary(path: string, at: readonly (string | number)[]): Promise<FileHandle> {
  try {
    requireOrdinary(await stat(path), path, at);
    // A pipe may have taken the file's place since it was looked at: opening it must not wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      requireOrdinary(await handle.stat(), path, at);
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const message = missing
      ? `There is no file "${path}". Paths are relative to the experiment file.`
      : `"${path}" cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
    throw new DataError({ code: "MTL310", path: at, message });
  }
}

function requireOrdinary(found: Stats, path: string, at: readonly (string | number)[]): void {
  if (found.isDirectory()) throw new DataError({ code: "MTL310", path: at, message: `"${path}" is a folder. Name a file in it.` });
  if (found.isFile()) return;
  const what = found.isFIFO() ? "a pipe" : found.isSocket() ? "a socket" : "a device";
  const message = `"${path}" is ${what}, which may never end. Write its data to an ordinary file and name that.`;
  throw new DataError({ code: "MTL320", path: at, message });
}

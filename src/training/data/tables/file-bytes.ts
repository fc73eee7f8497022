import { constants, type Stats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";

import { DataError } from "../data-error.ts";

const at = ["data", "file"] as const;

/** Bytes that are read at a time. */
const pieceBytes = 2 ** 18;

/**
 * Opens a data file. A check opens whatever an experiment names while it is being typed, so only an ordinary file is opened, and
 * nothing waits for a pipe. The caller closes it.
 * Throws `DataError` MTL310 (no file) or MTL320 (not an ordinary file).
 */
export async function openDataFile(path: string): Promise<{ readonly handle: FileHandle; readonly bytes: number }> {
  try {
    requireOrdinary(await stat(path), path);
    // A pipe may have taken the file's place since it was looked at: opening it must not wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      requireOrdinary(found, path);
      return { handle, bytes: found.size };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * The bytes of a data file piece by piece, unpacked where its name ends in `.gz`.
 * Throws what `openDataFile` throws, and MTL325 where the packed data is damaged.
 */
export async function* readFileBytes(path: string): AsyncGenerator<Buffer, void> {
  const { handle } = await openDataFile(path);
  const raw = handle.createReadStream({ autoClose: false, highWaterMark: pieceBytes });
  const stream = path.toLowerCase().endsWith(".gz") ? raw.pipe(createGunzip({ chunkSize: pieceBytes })) : raw;
  if (stream !== raw) raw.on("error", (error) => stream.destroy(error));
  try {
    for await (const piece of stream) {
      if (Buffer.isBuffer(piece)) yield piece; // Text only where an encoding was asked for.
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    raw.destroy();
    stream.destroy();
    await handle.close();
  }
}

function requireOrdinary(found: Stats, path: string): void {
  if (found.isDirectory()) {
    throw new DataError({ code: "MTL310", path: at, message: `"${path}" is a folder. Name the table file in it.` });
  }
  if (found.isFile()) return;
  const what = found.isFIFO() ? "a pipe" : found.isSocket() ? "a socket" : "a device";
  throw new DataError({
    code: "MTL320",
    path: at,
    message: `"${path}" is ${what}, which may never end. Write its data to an ordinary file and name that.`,
  });
}

function unreadable(path: string, error: unknown): DataError {
  if (error instanceof DataError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = error instanceof Error ? error.message : String(error);
  if (code.startsWith("Z_")) {
    const what = code === "Z_BUF_ERROR" ? "it ends in the middle of the packed data" : `the packed data is damaged (${reason})`;
    return new DataError({
      code: "MTL325",
      path: at,
      message: `"${basename(path)}" cannot be unpacked: ${what}. Copy or download the file again.`,
    });
  }
  return new DataError({
    code: "MTL310",
    path: at,
    message:
      code === "ENOENT" ? `There is no file "${path}". Paths are relative to the experiment file.` : `"${path}" cannot be read: ${reason}.`,
  });
}

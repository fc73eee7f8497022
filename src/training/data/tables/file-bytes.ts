import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";

import { openOrdinary } from "../arrays/ordinary-file.ts";
import { DataError } from "../data-error.ts";

const at = ["data", "file"] as const;

/** Bytes that are read at a time. */
const pieceBytes = 2 ** 18;

/** Opens a data file and tells its size. The caller closes it. Throws `DataError` MTL310 (no file) or MTL320 (not an ordinary file). */
export async function openDataFile(path: string): Promise<{ readonly handle: FileHandle; readonly bytes: number }> {
  const handle = await openOrdinary(path, at);
  return { handle, bytes: (await handle.stat()).size };
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
  return new DataError({ code: "MTL310", path: at, message: `"${path}" cannot be read: ${reason}.` });
}

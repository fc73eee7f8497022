import { constants, type Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";

import { DataError } from "./data-error.ts";

/** Largest file that is read; the rows are held in memory several times over while they are prepared. */
const largest = { bytes: 200 * 2 ** 20, text: "200 MB" } as const;

const at = ["data", "file"] as const;

/**
 * The text of a data file, as UTF-8. A check opens whatever an experiment names while it is being typed: only an ordinary file
 * is opened, and no more of it is read than the limit, whatever it says of its size.
 * Throws `DataError` MTL310 (no file), MTL311 (not UTF-8), MTL313 (too large), MTL320 (not an ordinary file).
 */
export async function readText(path: string): Promise<string> {
  try {
    requireFile(await stat(path), path);
    return new TextDecoder("utf-8", { fatal: true }).decode(await readContent(path));
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (error instanceof TypeError) {
      throw new DataError({ code: "MTL311", path: at, message: `"${basename(path)}" is not UTF-8 text. Save it as UTF-8.` });
    }
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new DataError({
      code: "MTL310",
      path: at,
      message: missing
        ? `There is no file "${path}". Paths are relative to the experiment file.`
        : `"${path}" cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    });
  }
}

function requireFile(found: Stats, path: string): void {
  if (found.isDirectory()) {
    throw new DataError({ code: "MTL310", path: at, message: `"${path}" is a folder. Name the table file in it.` });
  }
  if (!found.isFile()) {
    const what = found.isFIFO() ? "a pipe" : found.isSocket() ? "a socket" : "a device";
    throw new DataError({
      code: "MTL320",
      path: at,
      message: `"${path}" is ${what}, which may never end. Write its data to an ordinary file and name that.`,
    });
  }
  if (found.size > largest.bytes) throw tooLarge(path, `has ${Math.round(found.size / 2 ** 20).toLocaleString("en")} MB`);
}

async function readContent(path: string): Promise<Buffer> {
  // A pipe may have taken the file's place since it was looked at: opening it must not wait for a writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    requireFile(await handle.stat(), path);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stream = handle.createReadStream({ autoClose: false, highWaterMark: 2 ** 20 });
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) continue; // Text only where an encoding was asked for.
      chunks.push(chunk);
      bytes += chunk.length;
      // Files that a system makes up say they have 0 bytes.
      if (bytes > largest.bytes) throw tooLarge(path, "goes on after that");
    }
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

function tooLarge(path: string, how: string): DataError {
  return new DataError({
    code: "MTL313",
    path: at,
    message: `"${basename(path)}" ${how}; tables up to ${largest.text} are read. Keep only the columns and rows that are needed.`,
  });
}

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** No more of a log than this is read, in bytes. */
const most = 64 * 1024;

/** The last lines of a text file, without reading the whole of it. Empty when the file is not there. */
export function logTail(file: string, lines: number): readonly string[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const start = Math.max(0, size - most);
    const bytes = Buffer.alloc(size - start);
    const read = readSync(descriptor, bytes, 0, bytes.length, start);
    const all = bytes.toString("utf8", 0, read).trimEnd().split(/\r?\n/);
    // Where reading began in the middle of the file, the first line is likely to be half a line.
    return (start > 0 ? all.slice(1) : all).slice(-lines);
  } finally {
    closeSync(descriptor);
  }
}

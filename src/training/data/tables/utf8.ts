import { isUtf8 } from "node:buffer";

import { DataError } from "../data-error.ts";

const lineFeed = 0x0a;

/**
 * Passes bytes on that are UTF-8, cut between characters. Throws `DataError` MTL311 with the line of the first bytes that are
 * not: decoders would put a replacement character there in silence, and two texts could become one.
 */
export async function* checkedUtf8(pieces: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer, void> {
  let line = 1;
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = wholeCharacters(bytes);
    const checked = bytes.subarray(0, whole);
    if (!isUtf8(checked)) throw notUtf8(file, line + badLine(checked));
    yield checked;
    line += linesIn(checked);
    rest = bytes.subarray(whole);
  }
  if (rest.length > 0) throw notUtf8(file, line);
}

/** Length without a character at the end that is not yet complete. */
function wholeCharacters(bytes: Buffer): number {
  // A character has at most four bytes; all but its first are 10xxxxxx.
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Line feeds are never part of a longer character, so each line is UTF-8 by itself or not. */
function badLine(bytes: Buffer): number {
  let line = 0;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(lineFeed, start);
    const stop = end < 0 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(start, stop))) return line;
    start = stop;
  }
  return line;
}

function linesIn(bytes: Buffer): number {
  let count = 0;
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, end + 1)) count += 1;
  return count;
}

function notUtf8(file: string, line: number): DataError {
  return new DataError({
    code: "MTL311",
    path: ["data", "file"],
    row: line,
    message: `"${file}" is not UTF-8 text: line ${line} has bytes that are none. Save it as UTF-8.`,
  });
}

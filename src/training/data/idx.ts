import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

/** An array of unsigned bytes with its shape. */
export interface ByteArray {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Reads a gzip'ed file in the idx format of the MNIST data set: two zero bytes, 8 for unsigned bytes, the number of axes, each
 * axis as a big-endian 32-bit number, then the values, last axis fastest. Throws a plain `Error` for anything else.
 */
export async function readIdx(path: string): Promise<ByteArray> {
  const content = await promisify(gunzip)(await readFile(path));
  const axes = content[3] ?? 0;
  if (content[0] !== 0 || content[1] !== 0 || content[2] !== 8 || content.length < 4 + 4 * axes) {
    throw new Error(`${path} is not an idx file of unsigned bytes.`);
  }
  const shape = Array.from({ length: axes }, (_, axis) => content.readUInt32BE(4 + 4 * axis));
  const bytes = new Uint8Array(content.subarray(4 + 4 * axes));
  if (bytes.length !== shape.reduce((size, axis) => size * axis, 1)) {
    throw new Error(`${path} holds ${bytes.length} values, but its header tells of ${shape.join(" × ")}.`);
  }
  return { shape, bytes };
}

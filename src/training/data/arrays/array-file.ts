import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

import { DataError } from "../data-error.ts";
import { elementsOf, readBody, type ArrayHeader, type LoadedArray } from "./array-body.ts";
import { arrayError, damaged, nameOf, type ArrayPlace } from "./array-problem.ts";
import { ByteReader } from "./byte-reader.ts";
import { beginsAsIdx, readIdxHeader } from "./idx-header.ts";
import { requireReasonableGrowth } from "./inflation.ts";
import { npyMagic, readNpyHeader } from "./npy.ts";
import { openOrdinary } from "./ordinary-file.ts";

/** An array that lies somewhere and is read when it is asked for. */
export interface StoredArray {
  readonly place: ArrayPlace;
  /** Type and shape; reads no more than the beginning. */
  header(): Promise<ArrayHeader>;
  /** The whole array, if it takes no more than `memory` bytes. */
  read(memory: number): Promise<LoadedArray>;
  /** The same array for the part of the experiment that uses it: what is wrong with an array of an archive is shown there. */
  usedAt(path: readonly (string | number)[]): StoredArray;
}

/**
 * An array that has a file of its own: NumPy's npy or MNIST's idx, as it is or compressed with gzip. Which it is its first bytes tell, not
 * its name. `name` is what the experiment calls it. Reading it throws `DataError` MTL310, MTL320 (no ordinary file), MTL340 (damaged, or another format), MTL341 (no numbers or
 * texts), MTL342, MTL343 (too large), MTL347 (a number that cannot be held).
 */
export function arrayFile(path: string, at: readonly (string | number)[], name?: string): StoredArray {
  const place: ArrayPlace = { file: basename(path), path: at, ...(name === undefined ? {} : { name }) };
  const array: StoredArray = {
    place,
    // The experiment names the file of this array alone.
    usedAt: () => array,
    header: async () => await withArray(path, place, async (_, header) => header),
    read: async (memory) => await withArray(path, place, async (reader, header) => await readBody(reader, header, place, memory)),
  };
  return array;
}

async function withArray<T>(path: string, place: ArrayPlace, use: (reader: ByteReader, header: ArrayHeader) => Promise<T>): Promise<T> {
  const handle = await openOrdinary(path, place.path);
  try {
    const { reader, isPacked } = await unpacked(handle);
    try {
      const header = await readHeader(reader, place);
      if (isPacked) requireReasonableGrowth(place, (await handle.stat()).size, elementsOf(header) * header.dtype.bytes);
      return await use(reader, header);
    } finally {
      await reader.close();
    }
  } catch (error) {
    throw withPlace(error, place);
  } finally {
    await handle.close();
  }
}

/** Reads a file from its beginning, through gzip where its first bytes say so. */
async function unpacked(handle: FileHandle): Promise<{ readonly reader: ByteReader; readonly isPacked: boolean }> {
  const { buffer: start, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  const isPacked = bytesRead === 2 && start[0] === 0x1f && start[1] === 0x8b;
  const stream = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 18 });
  if (!isPacked) return { reader: new ByteReader(stream), isPacked };
  // An error of either end comes out of `gunzip`, where it is waited for.
  const gunzip = pipeline(stream, createGunzip({ chunkSize: 2 ** 18 }), () => undefined);
  return { reader: new ByteReader(gunzip), isPacked };
}

async function readHeader(reader: ByteReader, place: ArrayPlace): Promise<ArrayHeader> {
  const start = await reader.peek(npyMagic.length);
  if (start.equals(npyMagic)) return await readNpyHeader(reader, place);
  if (beginsAsIdx(start)) return await readIdxHeader(reader, place);
  throw arrayError(place, "MTL340", `${nameOf(place)} ${whatItIs(start)}`);
}

function whatItIs([first, second]: Uint8Array): string {
  if (first === undefined) return "is empty.";
  if (first === 0x50 && second === 0x4b) return `is an archive. Name an npz archive under "data.file", and its arrays under "data.inputs".`;
  if (first === 0x80) return "is a Python pickle, which only Python can read. Save the array with np.save.";
  return "is neither an npy nor an idx file. Save the array with np.save.";
}

/** What streams throw has no place of its own. */
function withPlace(error: unknown, place: ArrayPlace): unknown {
  if (!(error instanceof Error) || !("code" in error) || error instanceof DataError) return error;
  const { code } = error;
  const isOfZlib = typeof code === "string" && (code.startsWith("Z_") || code.startsWith("ERR_ZLIB"));
  if (isOfZlib) return damaged(place, `it cannot be unpacked (${error.message}).`);
  return isOfFileSystem(code) ? arrayError(place, "MTL310", `${nameOf(place)} cannot be read: ${error.message}.`) : error;
}

function isOfFileSystem(code: unknown): boolean {
  return typeof code === "string" && /^E[A-Z]+$/.test(code);
}

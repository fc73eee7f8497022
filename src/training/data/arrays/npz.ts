import { basename } from "node:path";
import { crc32 } from "node:zlib";
import { fromFdPromise, type Entry, type ZipFile } from "yauzl";

import type { StoredArray } from "./array-file.ts";
import { elementsOf, readBody, type ArrayHeader } from "./array-body.ts";
import { damaged, type ArrayPlace } from "./array-problem.ts";
import { ByteReader } from "./byte-reader.ts";
import { requireReasonableGrowth } from "./inflation.ts";
import { readNpyHeader } from "./npy.ts";
import { openOrdinary } from "./ordinary-file.ts";

/** Archives of more members are no collections of arrays; one may have millions that all point at the same bytes. */
const mostMembers = 10_000;

/**
 * Lists the arrays of an npz archive by name, without reading them: a zip file (also larger than 4 GiB) of npy files, stored or deflated.
 * Throws `DataError` MTL310, MTL320 (no ordinary file), MTL340 (no such archive); reading an array MTL340 (damaged), MTL341 (no numbers
 * or texts), MTL342, MTL343 (too large), MTL347 (a number that cannot be held).
 */
export async function listNpz(path: string, at: readonly (string | number)[]): Promise<ReadonlyMap<string, StoredArray>> {
  const archive: ArrayPlace = { file: basename(path), path: at };
  return await withZip(path, archive, async (zip) => {
    if (zip.entryCount > mostMembers) throw damaged(archive, `it lists ${zip.entryCount.toLocaleString("en")} members.`);
    const arrays = new Map<string, StoredArray>();
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName.replace(/\.npy$/, "");
      if (name !== entry.fileName) arrays.set(name, memberOf(path, entry, { ...archive, array: name }));
    }
    if (arrays.size === 0) throw damaged(archive, "there is no array in it.");
    return arrays;
  });
}

function memberOf(path: string, entry: Entry, place: ArrayPlace): StoredArray {
  return {
    place,
    usedAt: (used) => memberOf(path, entry, { ...place, path: used }),
    header: async () => await withMember(path, entry, place, async (_, header) => header),
    async read(memory) {
      return await withMember(path, entry, place, async (reader, header) => await readBody(reader, header, place, memory));
    },
  };
}

async function withMember<T>(
  path: string,
  entry: Entry,
  place: ArrayPlace,
  use: (reader: ByteReader, header: ArrayHeader) => Promise<T>,
): Promise<T> {
  return await withZip(path, place, async (zip) => {
    if (entry.isEncrypted()) throw damaged(place, "it is encrypted.");
    requireReasonableGrowth(place, entry.compressedSize, entry.uncompressedSize);
    const sum = new RunningSum(await zip.openReadStreamPromise(entry));
    const reader = new ByteReader(sum);
    try {
      const header = await readNpyHeader(reader, place);
      const expected = reader.taken + elementsOf(header) * header.dtype.bytes;
      if (expected !== entry.uncompressedSize) {
        const tells = `its header tells of ${expected.toLocaleString("en")} bytes, and the archive of ${entry.uncompressedSize.toLocaleString("en")}.`;
        throw damaged(place, tells);
      }
      const used = await use(reader, header);
      if (sum.isComplete && sum.value !== entry.crc32) throw damaged(place, "its check sum is wrong.");
      return used;
    } finally {
      await reader.close();
    }
  });
}

/** Adds up the check sum of what passes. */
class RunningSum implements AsyncIterable<unknown> {
  readonly #stream: AsyncIterable<unknown>;
  value = 0;
  isComplete = false;

  constructor(stream: AsyncIterable<unknown>) {
    this.#stream = stream;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator {
    for await (const chunk of this.#stream) {
      if (Buffer.isBuffer(chunk)) this.value = crc32(chunk, this.value);
      yield chunk;
    }
    this.isComplete = true;
  }
}

/** Opened anew each time: an archive that waits for its next array holds no file open. */
async function withZip<T>(path: string, place: ArrayPlace, use: (zip: ZipFile) => Promise<T>): Promise<T> {
  const handle = await openOrdinary(path, place.path);
  try {
    const zip = await fromFdPromise(handle.fd, { autoClose: false, lazyEntries: true, strictFileNames: true });
    return await use(zip);
  } catch (error) {
    // What yauzl and zlib throw is plain; any other kind is a fault of ours.
    if (!(error instanceof Error) || error.name !== "Error") throw error;
    throw damaged(place, `it cannot be read as an npz archive (${error.message}).`);
  } finally {
    await handle.close();
  }
}

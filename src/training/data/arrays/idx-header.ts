import { numberDtype, type NumberName } from "./dtype.ts";
import { damaged, type ArrayPlace } from "./array-problem.ts";
import type { ArrayHeader } from "./array-body.ts";
import type { ByteReader } from "./byte-reader.ts";

const types: Readonly<Record<number, NumberName>> = {
  0x08: "uint8",
  0x09: "int8",
  0x0b: "int16",
  0x0c: "int32",
  0x0d: "float32",
  0x0e: "float64",
};

/** True for the first bytes of an idx file: two zeros and a type that there is. */
export function beginsAsIdx([first, second, type = 0]: Uint8Array): boolean {
  return first === 0 && second === 0 && types[type] !== undefined;
}

/**
 * Reads the header of the idx format of the MNIST data set (LeCun et al., 1998): two zero bytes, the type of the elements, the number
 * of axes, each axis as a big-endian 32-bit number. The elements follow, big-endian, last axis fastest.
 * Throws `DataError` MTL340 where that is not what the bytes say.
 */
export async function readIdxHeader(reader: ByteReader, place: ArrayPlace): Promise<ArrayHeader> {
  const start = await reader.take(4);
  const name = types[start[2] ?? 0];
  if (!beginsAsIdx(start) || name === undefined) throw damaged(place, "it does not begin as idx files do.");
  const axes = start[3] ?? 0;
  const sizes = await reader.take(4 * axes);
  if (start.length < 4 || sizes.length < 4 * axes) throw damaged(place, "it ends in its header.");
  const shape = Array.from({ length: axes }, (_, axis) => sizes.readUInt32BE(4 * axis));
  return { dtype: numberDtype(name, true), shape, fortran: false };
}

import type { Points } from "../contract.ts";
import { corrupt } from "./store-error.ts";

/** Points in a sealed chunk of scalars. */
export const sealedPoints = 1024;
/** Points in an open row before the next one is begun: what each commit may have to write again. */
export const openPoints = 64;
/** Points of a block of a sketch. */
export const sketchBlock = 64;
/** Bytes of values in a sealed chunk of vectors, unless one vector alone is bigger. */
const vectorChunkBytes = 64 * 1024;

/** How many points of this width a sealed chunk holds. */
export function chunkCapacity(width: number): number {
  return width === 1 ? sealedPoints : Math.max(1, Math.min(sealedPoints, Math.floor(vectorChunkBytes / (4 * width))));
}

export function bytesOf(array: Float64Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The blob's numbers; copied, because a blob need not begin at a multiple of eight. */
export function float64sOf(blob: Uint8Array, path: string): Float64Array<ArrayBuffer> {
  if (blob.byteLength % 8 !== 0) throw corrupt(path, `a chunk of ${blob.byteLength} bytes is cut off`);
  return new Float64Array(blob.slice().buffer);
}

export function float32sOf(blob: Uint8Array, path: string): Float32Array<ArrayBuffer> {
  if (blob.byteLength % 4 !== 0) throw corrupt(path, `a chunk of ${blob.byteLength} bytes is cut off`);
  return new Float32Array(blob.slice().buffer);
}

/** A sketch as it is stored: step and value in turn. */
export function packSketch({ steps, values }: Points): Uint8Array {
  const pairs = new Float64Array(steps.length * 2);
  for (let i = 0; i < steps.length; i++) {
    pairs[2 * i] = steps[i] ?? NaN;
    pairs[2 * i + 1] = values[i] ?? NaN;
  }
  return bytesOf(pairs);
}

export function unpackSketch(blob: Uint8Array, path: string): Points {
  const pairs = float64sOf(blob, path);
  const count = pairs.length / 2;
  if (!Number.isInteger(count)) throw corrupt(path, "a sketch is cut off");
  const steps = new Float64Array(count);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    steps[i] = pairs[2 * i] ?? NaN;
    values[i] = pairs[2 * i + 1] ?? NaN;
  }
  return { steps, values };
}

/** Least, greatest, first and last value; extremes over all but NaN. Null where there is none. */
export interface ChunkSummary {
  readonly min: number | null;
  readonly max: number | null;
  readonly first: number | null;
  readonly last: number | null;
}

export function summarise(values: Float64Array): ChunkSummary {
  let min = Infinity;
  let max = -Infinity;
  let any = false;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    any = true;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min: any ? min : null, max: any ? max : null, first: numberOrNull(values[0]), last: numberOrNull(values.at(-1)) };
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

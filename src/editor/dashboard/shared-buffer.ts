import type { SeriesUpdate, VectorUpdate } from "../protocol.ts";

interface Updates {
  readonly scalars: readonly SeriesUpdate[];
  readonly vectors: readonly VectorUpdate[];
}

/**
 * The same updates with all their arrays in one buffer. VS Code sends the buffers of a message beside its text and counts
 * them in a single byte: of 256 and more it loses some without a word, and the arrays in them arrive empty. A few tasks
 * have more series than that; the buffers of one message must not grow with them.
 */
export function inOneBuffer({ scalars, vectors }: Updates): Updates {
  const doubles = scalars.reduce((sum, { steps, values }) => sum + steps.length + values.length, 0);
  const floats = vectors.reduce((sum, { values }) => sum + values.length, 0);
  const buffer = new ArrayBuffer(doubles * Float64Array.BYTES_PER_ELEMENT + floats * Float32Array.BYTES_PER_ELEMENT);
  let offset = 0;
  const placed = <A extends Float64Array | Float32Array>(make: new (at: ArrayBuffer, from: number, length: number) => A, array: A): A => {
    const copy = new make(buffer, offset, array.length);
    copy.set(array);
    offset += copy.byteLength;
    return copy;
  };
  // The doubles come first: each array begins at a multiple of its own width.
  return {
    scalars: scalars.map((update) => ({
      ...update,
      steps: placed(Float64Array, update.steps),
      values: placed(Float64Array, update.values),
    })),
    vectors: vectors.map((update) => ({ ...update, values: placed(Float32Array, update.values) })),
  };
}

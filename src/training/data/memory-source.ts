import type { BatchFeed, FeedOptions, RowSource, RowValues } from "./dataset.ts";
import { OrderedFeed } from "./ordered-feed.ts";

/** Rows that are all in memory, encoded as the network takes them in. Shuffled as a whole for every epoch. */
export class MemorySource implements RowSource {
  readonly values: RowValues;

  constructor(values: RowValues) {
    this.values = values;
  }

  get count(): number {
    return this.values.rows;
  }

  feed(options: FeedOptions): BatchFeed {
    return new OrderedFeed(this.count, options, (rows) => pickRows(this.values, rows));
  }

  async *scan(rows: number): AsyncGenerator<RowValues> {
    for (let start = 0; start < this.count; start += rows) {
      yield sliceRows(this.values, start, Math.min(this.count, start + rows));
    }
  }
}

/** The rows of the given numbers, in that order. */
export function pickRows(values: RowValues, indices: ArrayLike<number>): RowValues {
  const picked = <T extends Float32Array | Uint8Array>(all: T, make: (length: number) => T): T => {
    const width = values.rows === 0 ? 0 : all.length / values.rows;
    const chosen = make(indices.length * width);
    for (let i = 0; i < indices.length; i++) {
      const row = indices[i] ?? 0;
      if (width === 1) chosen[i] = all[row] ?? 0;
      else chosen.set(all.subarray(row * width, (row + 1) * width), i * width);
    }
    return chosen;
  };
  const floats = (all: Float32Array): Float32Array => picked<Float32Array>(all, (length) => new Float32Array(length));
  return {
    rows: indices.length,
    inputs: values.inputs.map(floats),
    targets: values.targets.map(floats),
    present: values.present.map((all) => picked<Uint8Array>(all, (length) => new Uint8Array(length))),
  };
}

/** Rows `start` to `end` as views. */
function sliceRows(values: RowValues, start: number, end: number): RowValues {
  const part = <T extends Float32Array | Uint8Array>(all: T): T => {
    const width = all.length / values.rows;
    // A view of the same kind; the two kinds' own signatures cannot be joined.
    return all.subarray(start * width, end * width) as T;
  };
  return { rows: end - start, inputs: values.inputs.map(part), targets: values.targets.map(part), present: values.present.map(part) };
}

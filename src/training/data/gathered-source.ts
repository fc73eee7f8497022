import type { BatchFeed, FeedOptions, RowSource, RowValues } from "./dataset.ts";
import { OrderedFeed } from "./ordered-feed.ts";

/** Puts rows together when they are asked for. */
export type Gather = (rows: Uint32Array) => RowValues;

/** Rows that are all in memory but not as the network takes them in. Shuffled as a whole for every epoch. */
export class GatheredSource implements RowSource {
  readonly #rows: Uint32Array;
  readonly #gather: Gather;

  /** `rows` are those of the split. */
  constructor(rows: Uint32Array, gather: Gather) {
    this.#rows = rows;
    this.#gather = gather;
  }

  get count(): number {
    return this.#rows.length;
  }

  feed(options: FeedOptions): BatchFeed {
    return new OrderedFeed(this.count, options, (positions) => this.#gather(positions.map((position) => this.#rows[position] ?? 0)));
  }

  async *scan(rows: number): AsyncGenerator<RowValues> {
    for (let start = 0; start < this.count; start += rows) {
      yield this.#gather(this.#rows.subarray(start, start + rows));
    }
  }
}

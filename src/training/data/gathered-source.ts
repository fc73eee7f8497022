import { BatchOrder, savedOrder } from "./batch-order.ts";
import type { BatchFeed, FeedOptions, FeedState, RowSource, RowValues } from "./dataset.ts";

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

  feed({ batchSize, stream }: FeedOptions): BatchFeed {
    const rowsAt = (positions: Uint32Array): Uint32Array => positions.map((position) => this.#rows[position] ?? 0);
    return new GatheredFeed(new BatchOrder(this.count, batchSize, stream), (positions) => this.#gather(rowsAt(positions)));
  }

  async *scan(rows: number): AsyncGenerator<RowValues> {
    for (let start = 0; start < this.count; start += rows) {
      yield this.#gather(this.#rows.subarray(start, start + rows));
    }
  }
}

class GatheredFeed implements BatchFeed {
  readonly #order: BatchOrder;
  readonly #gather: Gather;

  constructor(order: BatchOrder, gather: Gather) {
    this.#order = order;
    this.#gather = gather;
  }

  get batches(): number {
    return this.#order.batches;
  }

  next(): RowValues {
    return this.#gather(this.#order.next());
  }

  save(): FeedState {
    const { order, position } = this.#order.save();
    return { numbers: { position }, arrays: { order } };
  }

  restore(state: FeedState): void {
    this.#order.restore(savedOrder(state));
  }
}

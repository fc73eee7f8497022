import { BatchOrder, savedOrder } from "./batch-order.ts";
import type { BatchFeed, FeedOptions, FeedState, RowValues } from "./dataset.ts";

/** Gives the rows of these numbers, counted within the split, in this order. `order` tells which ones come next. */
export type TakeRows = (rows: Uint32Array, order: BatchOrder) => RowValues | Promise<RowValues>;

/** Batches of rows that can be had in any order: shuffled as a whole for every epoch. */
export class OrderedFeed implements BatchFeed {
  readonly #order: BatchOrder;
  readonly #take: TakeRows;

  constructor(count: number, { batchSize, stream }: FeedOptions, take: TakeRows) {
    this.#order = new BatchOrder(count, batchSize, stream);
    this.#take = take;
  }

  get batches(): number {
    return this.#order.batches;
  }

  next(): RowValues | Promise<RowValues> {
    return this.#take(this.#order.next(), this.#order);
  }

  save(): FeedState {
    const { order, position } = this.#order.save();
    return { numbers: { position }, arrays: { order } };
  }

  restore(state: FeedState): void {
    this.#order.restore(savedOrder(state));
  }
}

import { RandomStream } from "../../balancers/kernels/random-stream.ts";
import type { FeedState } from "./dataset.ts";

/** Where a training is in its rows: the order of the open epoch, and how many of its rows are done. */
export interface OrderState {
  readonly order: Uint32Array;
  readonly position: number;
}

/** The order in a feed's saved state. Throws `RangeError` where the feed was one of windows of a file, whose order is of another kind. */
export function savedOrder({ numbers, arrays }: FeedState): OrderState {
  const { order } = arrays;
  if (order !== undefined) return { order, position: numbers["position"] ?? 0 };
  throw new RangeError("The saved order is of rows that are read from a file, and now they are in memory. Set data.memory as it was.");
}

/** The order in which rows are trained on: shuffled anew for every epoch; the last batch of an epoch may be smaller. */
export class BatchOrder {
  readonly #stream: RandomStream;
  readonly #batchSize: number;
  readonly #order: Uint32Array;
  #position: number;
  /** A copy of the order, which stays as it is while the epoch lasts: to save it again costs nothing. */
  #saved: Uint32Array | undefined;
  /** The order of the epoch after the open one, where it was looked at already. */
  #following: Uint32Array | undefined;

  constructor(count: number, batchSize: number, stream: RandomStream) {
    this.#stream = stream;
    this.#batchSize = batchSize;
    this.#order = Uint32Array.from({ length: count }, (_, i) => i);
    this.#position = count;
  }

  /** Batches in an epoch. */
  get batches(): number {
    return Math.ceil(this.#order.length / this.#batchSize);
  }

  /** Row numbers of the next batch; begins a new epoch when the last one is used up. */
  next(): Uint32Array {
    if (this.#position >= this.#order.length) {
      this.#stream.shuffle(this.#order);
      this.#saved = undefined;
      this.#position = 0;
      this.#following = undefined;
    }
    const rows = this.#order.subarray(this.#position, this.#position + this.#batchSize);
    this.#position += rows.length;
    return rows;
  }

  /** Row numbers of the next `count` rows, or of fewer at the end of the epoch after the open one. Nothing goes on by it, nor is drawn. */
  upcoming(count: number): Uint32Array {
    const open = this.#order.subarray(this.#position, this.#position + count);
    if (open.length === count) return open;
    this.#following ??= this.#afterThis();
    return Uint32Array.from([...open, ...this.#following.subarray(0, count - open.length)]);
  }

  #afterThis(): Uint32Array {
    const order = this.#order.slice();
    RandomStream.from(this.#stream.save()).shuffle(order);
    return order;
  }

  save(): OrderState {
    this.#saved ??= this.#order.slice();
    return { order: this.#saved, position: this.#position };
  }

  restore({ order, position }: OrderState): void {
    if (order.length !== this.#order.length) {
      throw new RangeError(`The saved order is for ${order.length} rows, and the data has ${this.#order.length}.`);
    }
    this.#order.set(order);
    this.#saved = undefined;
    this.#position = position;
    this.#following = undefined;
  }
}

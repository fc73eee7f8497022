import type { RandomStream } from "../../../balancers/kernels/random-stream.ts";
import type { BatchFeed, FeedState, RowValues } from "../dataset.ts";
import type { Augment } from "./augmentation.ts";

/** Batches of another feed, changed by chance as they are drawn. The stream's state is kept with the other streams'. */
export class AugmentedFeed implements BatchFeed {
  readonly #feed: BatchFeed;
  readonly #augment: Augment;
  readonly #stream: RandomStream;

  constructor(feed: BatchFeed, augment: Augment, stream: RandomStream) {
    this.#feed = feed;
    this.#augment = augment;
    this.#stream = stream;
  }

  get batches(): number {
    return this.#feed.batches;
  }

  next(): RowValues | Promise<RowValues> {
    const values = this.#feed.next();
    const changed = (rows: RowValues): RowValues => this.#augment(rows, this.#stream);
    return values instanceof Promise ? values.then(changed) : changed(values);
  }

  save(): FeedState {
    return this.#feed.save();
  }

  restore(state: FeedState): void | Promise<void> {
    return this.#feed.restore(state);
  }

  async close(): Promise<void> {
    await this.#feed.close?.();
  }
}

import { BatchOrder } from "../batch-order.ts";
import type { BatchFeed, FeedOptions, FeedState, RowSource, RowValues } from "../dataset.ts";
import type { ImageStore } from "./image-store.ts";

/** Puts decoded images and the labels of their rows together. */
export type AssembleImages = (rows: Uint32Array, images: readonly Uint8Array[]) => RowValues;

/** Bytes of images that may be on their way, beside those of the batch that is waited for. */
const aheadBytes = 2 ** 26;

/**
 * Rows whose images are decoded when they are needed, a few batches ahead, on threads of their own. Shuffled as a whole for every epoch:
 * what comes next is known in time, also beyond the end of an epoch.
 */
export class ImageSource implements RowSource {
  readonly #rows: Uint32Array;
  readonly #store: ImageStore;
  readonly #assemble: AssembleImages;
  /** Bytes of one image. */
  readonly #size: number;

  constructor(rows: Uint32Array, store: ImageStore, size: number, assemble: AssembleImages) {
    this.#rows = rows;
    this.#store = store;
    this.#size = size;
    this.#assemble = assemble;
  }

  get count(): number {
    return this.#rows.length;
  }

  feed({ batchSize, stream }: FeedOptions): BatchFeed {
    const order = new BatchOrder(this.count, batchSize, stream);
    const ahead = this.#rowsAhead(batchSize);
    const next = (): RowValues | Promise<RowValues> => {
      const rows = this.#rowsAt(order.next());
      const values = this.#gather(rows, this.#rowsAt(order.upcoming(ahead)));
      if (!(values instanceof Promise)) return values;
      return values.catch((error: unknown) => {
        // A checkpoint is written now; once the image is repaired, the training goes on with this batch.
        order.putBack(rows.length);
        throw error;
      });
    };
    return new ImageFeed(order, next);
  }

  async *scan(rows: number): AsyncGenerator<RowValues> {
    const ahead = this.#rowsAhead(rows);
    for (let start = 0; start < this.count; start += rows) {
      const end = start + rows;
      yield await this.#gather(this.#rows.subarray(start, end), this.#rows.subarray(end, end + ahead));
    }
  }

  #rowsAhead(batchSize: number): number {
    return Math.min(this.count, 4 * batchSize, Math.max(batchSize, Math.floor(aheadBytes / this.#size)));
  }

  #rowsAt(positions: Uint32Array): Uint32Array {
    return positions.map((position) => this.#rows[position] ?? 0);
  }

  #gather(rows: Uint32Array, upcoming: Uint32Array): RowValues | Promise<RowValues> {
    for (const row of rows) this.#store.request(row);
    for (const row of upcoming) this.#store.request(row);
    const there = Array.from(rows, (row) => this.#store.peek(row));
    const images = there.filter((image) => image !== undefined);
    if (images.length === rows.length) return this.#assemble(rows, images);
    return Promise.all(Array.from(rows, (row) => this.#store.take(row))).then((all) => this.#assemble(rows, all));
  }
}

class ImageFeed implements BatchFeed {
  readonly #order: BatchOrder;
  readonly next: () => RowValues | Promise<RowValues>;

  constructor(order: BatchOrder, next: () => RowValues | Promise<RowValues>) {
    this.#order = order;
    this.next = next;
  }

  get batches(): number {
    return this.#order.batches;
  }

  save(): FeedState {
    const { order, position } = this.#order.save();
    return { numbers: { position }, arrays: { order } };
  }

  restore({ numbers, arrays }: FeedState): void {
    this.#order.restore({ order: arrays["order"] ?? new Uint32Array(), position: numbers["position"] ?? 0 });
  }
}

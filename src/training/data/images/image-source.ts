import type { BatchFeed, FeedOptions, RowSource, RowValues } from "../dataset.ts";
import { OrderedFeed } from "../ordered-feed.ts";
import type { ImageStore } from "./image-store.ts";

/** What a row has in each of the stores; nothing where it has no file there. */
export type Decoded = readonly (Uint8Array | undefined)[];

/** Puts what was decoded and the labels of its rows together: for each row what it has in each store. */
export type AssembleImages = (rows: Uint32Array, decoded: readonly Decoded[]) => RowValues;

/** Bytes of images that may be on their way, beside those of the batch that is waited for. */
const aheadBytes = 2 ** 26;

/**
 * Rows whose images are decoded when they are needed, a few batches ahead, on threads of their own. Shuffled as a whole for every epoch:
 * what comes next is known in time, also beyond the end of an epoch.
 */
export class ImageSource implements RowSource {
  readonly #rows: Uint32Array;
  readonly #stores: readonly ImageStore[];
  readonly #assemble: AssembleImages;
  /** Bytes of what a row has in all stores. */
  readonly #size: number;

  constructor(rows: Uint32Array, stores: readonly ImageStore[], size: number, assemble: AssembleImages) {
    this.#rows = rows;
    this.#stores = stores;
    this.#size = size;
    this.#assemble = assemble;
  }

  get count(): number {
    return this.#rows.length;
  }

  feed(options: FeedOptions): BatchFeed {
    const ahead = this.#rowsAhead(options.batchSize);
    return new OrderedFeed(this.count, options, (rows, order) => this.#gather(this.#rowsAt(rows), this.#rowsAt(order.upcoming(ahead))));
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
    for (const row of [...rows, ...upcoming]) for (const store of this.#stores) store.request(row);
    const there = Array.from(rows, (row) => this.#stores.map((store) => store.peek(row)));
    const isThere = there.every((decoded, index) =>
      decoded.every((bytes, store) => bytes !== undefined || this.#stores[store]?.files.has(rows[index] ?? 0) === false),
    );
    if (isThere) return this.#assemble(rows, there);
    const coming = Array.from(rows, async (row) =>
      Promise.all(this.#stores.map(async (store) => (store.files.has(row) ? await store.take(row) : undefined))),
    );
    return Promise.all(coming).then((decoded) => this.#assemble(rows, decoded));
  }
}

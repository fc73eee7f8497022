import { BatchOrder, savedOrder } from "../batch-order.ts";
import type { BatchFeed, FeedOptions, FeedState, RowSource, RowValues } from "../dataset.ts";
import { emptyBlock, type PackedRows, type RowBlock } from "./packed-rows.ts";
import { firstRows, gatherRows, type BatchArrays, type RowEncoder } from "./row-encoder.ts";
import { WindowFeed } from "./window-feed.ts";

/**
 * The packed rows of one split. In memory they are shuffled as a whole for every epoch; from a file they are read in shuffled
 * windows, of which two take `memory` bytes: the one that is trained on, and the next.
 */
export class TableSource implements RowSource {
  readonly #rows: PackedRows;
  readonly #encoder: RowEncoder;
  readonly #memory: number;

  constructor(rows: PackedRows, encoder: RowEncoder, memory: number) {
    this.#rows = rows;
    this.#encoder = encoder;
    this.#memory = memory;
  }

  get count(): number {
    return this.#rows.rows;
  }

  feed(options: FeedOptions): BatchFeed {
    if (this.#rows.isSpooled) return new WindowFeed(this.#rows, this.#encoder, options, this.#memory / 2);
    return new WholeFeed(this.#rows, this.#encoder, options);
  }

  async *scan(rows: number): AsyncGenerator<RowValues, void> {
    const arrays = this.#encoder.arrays(rows);
    const { blockRows } = this.#rows;
    const blocks = new BlocksAhead(this.#rows);
    for (let start = 0; start < this.count; start += rows) {
      const count = Math.min(rows, this.count - start);
      for (let done = 0; done < count;) {
        const place = (start + done) % blockRows;
        const block = await blocks.get((start + done - place) / blockRows);
        const some = Math.min(count - done, block.rows - place);
        this.#encoder.unpack(arrays, done, block, place, some);
        done += some;
      }
      yield firstRows(arrays, count);
    }
  }
}

/** Gives blocks in increasing order and reads one ahead. */
class BlocksAhead {
  readonly #rows: PackedRows;
  readonly #blocks = new Map<number, RowBlock | Promise<RowBlock>>();

  constructor(rows: PackedRows) {
    this.#rows = rows;
  }

  get(index: number): RowBlock | Promise<RowBlock> {
    for (const known of this.#blocks.keys()) if (known < index) this.#blocks.delete(known);
    const block = this.#read(index);
    if (index + 1 < this.#rows.blocks) void this.#read(index + 1);
    return block;
  }

  #read(index: number): RowBlock | Promise<RowBlock> {
    const known = this.#blocks.get(index);
    if (known !== undefined) return known;
    const block = this.#rows.block(index);
    // It is awaited when its turn comes; until then a failure has nobody to hear of it.
    if (block instanceof Promise) block.catch(() => undefined);
    this.#blocks.set(index, block);
    return block;
  }
}

function blocksInMemory(rows: PackedRows): RowBlock[] {
  return Array.from({ length: rows.blocks }, (_, index) => {
    const block = rows.block(index);
    if (block instanceof Promise) throw new TypeError("The rows are not in memory.");
    return block;
  });
}

class WholeFeed implements BatchFeed {
  readonly #blocks: readonly RowBlock[];
  readonly #blockRows: number;
  readonly #encoder: RowEncoder;
  readonly #order: BatchOrder;
  readonly #picked: RowBlock;
  readonly #arrays: BatchArrays;

  constructor(rows: PackedRows, encoder: RowEncoder, { batchSize, stream }: FeedOptions) {
    const capacity = Math.min(batchSize, rows.rows);
    this.#blocks = blocksInMemory(rows);
    this.#blockRows = rows.blockRows;
    this.#encoder = encoder;
    this.#order = new BatchOrder(rows.rows, batchSize, stream);
    this.#picked = emptyBlock(capacity, rows.layout);
    this.#arrays = encoder.arrays(capacity);
  }

  get batches(): number {
    return this.#order.batches;
  }

  next(): RowValues {
    const rows = this.#order.next();
    gatherRows(this.#blocks, rows, this.#blockRows, this.#picked, 0);
    this.#encoder.unpack(this.#arrays, 0, this.#picked, 0, rows.length);
    return firstRows(this.#arrays, rows.length);
  }

  save(): FeedState {
    const { order, position } = this.#order.save();
    return { numbers: { position }, arrays: { order } };
  }

  restore(state: FeedState): void {
    this.#order.restore(savedOrder(state));
  }
}

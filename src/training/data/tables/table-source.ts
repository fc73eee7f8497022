import type { BatchFeed, FeedOptions, RowSource, RowValues } from "../dataset.ts";
import { OrderedFeed } from "../ordered-feed.ts";
import { emptyBlock, type PackedRows, type RowBlock } from "./packed-rows.ts";
import { firstRows, gatherRows, type RowEncoder } from "./row-encoder.ts";
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
    return wholeFeed(this.#rows, this.#encoder, options);
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

/** Uses the same arrays for every batch. */
function wholeFeed(all: PackedRows, encoder: RowEncoder, options: FeedOptions): BatchFeed {
  const capacity = Math.min(options.batchSize, all.rows);
  const blocks = blocksInMemory(all);
  const picked = emptyBlock(capacity, all.layout);
  const arrays = encoder.arrays(capacity);
  return new OrderedFeed(all.rows, options, (rows) => {
    gatherRows(blocks, rows, all.blockRows, picked, 0);
    encoder.unpack(arrays, 0, picked, 0, rows.length);
    return firstRows(arrays, rows.length);
  });
}

import { RandomStream } from "../../../balancers/kernels/random-stream.ts";
import type { BatchFeed, FeedOptions, FeedState, RowValues } from "../dataset.ts";
import { emptyBlock, type PackedRows, type RowBlock } from "./packed-rows.ts";
import { firstRows, gatherRows, type BatchArrays, type RowEncoder } from "./row-encoder.ts";

/** Several blocks that are in memory at once, and the order of their rows. */
interface Window {
  readonly index: number;
  readonly blocks: readonly RowBlock[];
  readonly rows: Uint32Array;
}

/**
 * Batches of rows that lie in a file. For every epoch the blocks are put in a new order and taken together into windows of at
 * most `windowBytes` (one block at least); the rows of a window are shuffled as a whole, and while it is trained on the next one
 * is read.
 *
 * All order follows from one number that the stream gives for each epoch, so that is all there is to save, with the number of
 * rows that are done. It is drawn one epoch ahead, for the next epoch's first window is read while this one's last is trained on.
 */
export class WindowFeed implements BatchFeed {
  readonly #source: PackedRows;
  readonly #encoder: RowEncoder;
  readonly #stream: FeedOptions["stream"];
  readonly #batchSize: number;
  readonly #arrays: BatchArrays;
  readonly #picked: RowBlock;
  readonly #windowBlocks: number;
  /** Undefined before the first batch. */
  #epoch: EpochOrder | undefined;
  #next: EpochOrder | undefined;
  /** Rows of the open epoch that are done. */
  #done = 0;
  #window: Window | undefined;
  /** Rows of the window that are done. */
  #doneInWindow = 0;
  #ahead: { readonly epoch: EpochOrder; readonly index: number; readonly window: Promise<Window> } | undefined;

  constructor(source: PackedRows, encoder: RowEncoder, { batchSize, stream }: FeedOptions, windowBytes: number) {
    this.#source = source;
    this.#encoder = encoder;
    this.#stream = stream;
    this.#batchSize = batchSize;
    const capacity = Math.min(batchSize, source.rows);
    this.#arrays = encoder.arrays(capacity);
    this.#picked = emptyBlock(capacity, source.layout);
    this.#windowBlocks = Math.max(1, Math.floor(windowBytes / source.layout.bytesFor(source.blockRows)));
  }

  get batches(): number {
    return Math.ceil(this.#source.rows / this.#batchSize);
  }

  next(): RowValues | Promise<RowValues> {
    const epoch = this.#openEpoch();
    const rows = Math.min(this.#batchSize, this.#source.rows - this.#done);
    const window = this.#window;
    if (window === undefined || window.rows.length - this.#doneInWindow < rows) return this.#acrossWindows(epoch, rows);
    this.#write(window, 0, rows);
    this.#done += rows;
    return firstRows(this.#arrays, rows);
  }

  save(): FeedState {
    if (this.#epoch === undefined || this.#next === undefined) return { numbers: {}, arrays: {} };
    const { rows, blockRows } = this.#source;
    const numbers = { rows, blockRows, windowBlocks: this.#windowBlocks, epoch: this.#epoch.seed, next: this.#next.seed, done: this.#done };
    return { numbers, arrays: {} };
  }

  async restore({ numbers, arrays }: FeedState): Promise<void> {
    const { rows, blockRows, windowBlocks, epoch, next, done } = numbers;
    const isOurs = Object.keys(arrays).length === 0;
    if (isOurs && Object.keys(numbers).length === 0) return;
    if (!isOurs || epoch === undefined || next === undefined || done === undefined) {
      throw new RangeError("The saved order is of rows in memory, and now they are read from a file. Set data.memory as it was.");
    }
    if (rows !== this.#source.rows) throw new RangeError(`The saved order is for ${rows} rows, and the data has ${this.#source.rows}.`);
    if (blockRows !== this.#source.blockRows || windowBlocks !== this.#windowBlocks) {
      throw new RangeError("The saved order is of other windows. Set data.memory as it was.");
    }
    this.#epoch = this.#orderOf(epoch);
    this.#next = this.#orderOf(next);
    this.#done = done;
    if (done === this.#source.rows) return;
    const { index, before } = this.#epoch.windowAt(done);
    await this.#open(this.#epoch, index);
    this.#doneInWindow = done - before;
  }

  #openEpoch(): EpochOrder {
    if (this.#epoch === undefined) {
      this.#epoch = this.#orderOf(this.#drawSeed());
      this.#next = this.#orderOf(this.#drawSeed());
    } else if (this.#done === this.#source.rows) {
      this.#epoch = this.#next ?? this.#epoch;
      this.#next = this.#orderOf(this.#drawSeed());
      this.#done = 0;
      this.#window = undefined;
    }
    return this.#epoch;
  }

  /** Whole numbers that a double holds exactly. */
  #drawSeed(): number {
    return this.#stream.nextBits() + 2 ** 32 * this.#stream.below(2 ** 21);
  }

  #orderOf(seed: number): EpochOrder {
    return new EpochOrder(this.#source, seed, this.#windowBlocks);
  }

  async #acrossWindows(epoch: EpochOrder, rows: number): Promise<RowValues> {
    for (let written = 0; written < rows;) {
      let window = this.#window;
      if (window === undefined || this.#doneInWindow === window.rows.length) {
        window = await this.#open(epoch, window === undefined ? 0 : window.index + 1);
      }
      const some = Math.min(rows - written, window.rows.length - this.#doneInWindow);
      this.#write(window, written, some);
      written += some;
      this.#done += some;
    }
    return firstRows(this.#arrays, rows);
  }

  #write(window: Window, offset: number, rows: number): void {
    const picked = window.rows.subarray(this.#doneInWindow, this.#doneInWindow + rows);
    gatherRows(window.blocks, picked, this.#source.blockRows, this.#picked, 0);
    this.#encoder.unpack(this.#arrays, offset, this.#picked, 0, rows);
    this.#doneInWindow += rows;
  }

  /** Takes the window that was read ahead, and has the one after it read. */
  async #open(epoch: EpochOrder, index: number): Promise<Window> {
    const isAhead = this.#ahead?.epoch === epoch && this.#ahead.index === index;
    this.#window = await (isAhead && this.#ahead !== undefined ? this.#ahead.window : epoch.read(index));
    this.#doneInWindow = 0;
    const follows = index + 1 < epoch.windows ? { epoch, index: index + 1 } : { epoch: this.#next ?? epoch, index: 0 };
    const window = follows.epoch.read(follows.index);
    // It is awaited when its turn comes; until then a failure has nobody to hear of it.
    window.catch(() => undefined);
    this.#ahead = { ...follows, window };
    return this.#window;
  }
}

/** The order of one epoch, all of it from its seed. */
class EpochOrder {
  readonly seed: number;
  readonly #source: PackedRows;
  readonly #blocks: Uint32Array;
  readonly #windowBlocks: number;

  constructor(source: PackedRows, seed: number, windowBlocks: number) {
    this.seed = seed;
    this.#source = source;
    this.#windowBlocks = windowBlocks;
    this.#blocks = Uint32Array.from({ length: source.blocks }, (_, index) => index);
    RandomStream.seeded(seed, "blocks").shuffle(this.#blocks);
  }

  get windows(): number {
    return Math.ceil(this.#blocks.length / this.#windowBlocks);
  }

  /** The window in which the row that comes after `done` others is, and the rows before that window. */
  windowAt(done: number): { readonly index: number; readonly before: number } {
    let before = 0;
    for (let index = 0; ; index++) {
      const rows = this.#blocksOf(index).reduce((sum, block) => sum + this.#rowsOf(block), 0);
      if (done < before + rows || index + 1 >= this.windows) return { index, before };
      before += rows;
    }
  }

  async read(index: number): Promise<Window> {
    const numbers = this.#blocksOf(index);
    const blocks: RowBlock[] = [];
    for (const number of numbers) blocks.push(await this.#source.block(number));
    const rows = new Uint32Array(blocks.reduce((sum, block) => sum + block.rows, 0));
    let count = 0;
    blocks.forEach((block, place) => {
      for (let row = 0; row < block.rows; row++) rows[count++] = place * this.#source.blockRows + row;
    });
    RandomStream.seeded(this.seed, `window-${index}`).shuffle(rows);
    return { index, blocks, rows };
  }

  #blocksOf(window: number): Uint32Array {
    return this.#blocks.subarray(window * this.#windowBlocks, (window + 1) * this.#windowBlocks);
  }

  /** All blocks are full but the last of the file. */
  #rowsOf(block: number): number {
    const { blockRows, rows } = this.#source;
    return Math.min(blockRows, rows - block * blockRows);
  }
}

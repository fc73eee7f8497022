import type { RowStream } from "../../../api/taskscope.js";
import { RandomStream } from "../../balancers/kernels/random-stream.ts";
import type { BatchFeed, FeedOptions, FeedState, RowSource, RowValues } from "../data/dataset.ts";
import { asRandom, withRandomMeanwhile } from "./seeded-random.ts";

/** What a source of rows is made from: the user's stream, and what makes rows for the training of what it gives. */
export interface StreamParts {
  readonly stream: RowStream;
  /** Rows in an epoch, as the user declares. */
  readonly count: number;
  /** Checks a piece and turns its targets into what is learnt; `first` is the number of its first row. Throws what tells the user. */
  readonly read: (piece: unknown, first: number) => RowValues;
  /** What tells the user that the stream is not what it declares. */
  readonly unfit: (explanation: string) => Error;
  /** Turns what the user's code threw into its place. */
  readonly thrown: (error: unknown) => Error;
  /** Name of the split, and the seed of what is drawn for a look at all its rows. */
  readonly split: string;
  readonly seed: number;
}

/** Rows that the user's code gives piece by piece. How they are shuffled is the code's own affair. */
export class UserStream implements RowSource {
  readonly #parts: StreamParts;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#parts.count;
  }

  feed(options: FeedOptions): BatchFeed {
    return new UserFeed(this.#parts, options);
  }

  scan(rows: number): AsyncIterable<RowValues> {
    return batchesOf(this.#parts, 0, rows, RandomStream.seeded(this.#parts.seed, `data/${this.#parts.split}`));
  }
}

class UserFeed implements BatchFeed {
  readonly #parts: StreamParts;
  readonly #options: FeedOptions;
  readonly batches: number;
  #epoch = 0;
  /** Rows given in this epoch. */
  #position: number;
  /** Seed of what is drawn in this epoch. */
  #seed = 0;
  #open: AsyncGenerator<RowValues, void> | undefined;

  constructor(parts: StreamParts, options: FeedOptions) {
    this.#parts = parts;
    this.#options = options;
    this.batches = Math.ceil(parts.count / options.batchSize);
    this.#position = parts.count;
  }

  async next(): Promise<RowValues> {
    if (this.#position >= this.#parts.count) {
      this.#epoch += 1;
      this.#position = 0;
      this.#seed = this.#options.stream.nextBits();
      this.#open = this.#begin();
    }
    return this.#take();
  }

  save(): FeedState {
    return { numbers: { epoch: this.#epoch, position: this.#position, seed: this.#seed }, arrays: {} };
  }

  /** Asks for the epoch once more and passes over what was given of it. */
  async restore({ numbers }: FeedState): Promise<void> {
    const { epoch = 0, position = 0, seed = 0 } = numbers;
    if (position > this.#parts.count) throw new RangeError(`The saved order is for more than the ${this.#parts.count} rows there are.`);
    this.#epoch = epoch;
    this.#seed = seed;
    this.#position = position;
    if (position >= this.#parts.count) return;
    this.#open = this.#begin();
    this.#position = 0;
    while (this.#position < position) await this.#take();
  }

  /** Ends an epoch that is not over, so that the user's code can give back what it opened for it. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.return();
  }

  #begin(): AsyncGenerator<RowValues, void> {
    const { batchSize } = this.#options;
    return batchesOf(this.#parts, this.#epoch, batchSize, RandomStream.seeded(this.#seed, "epoch"));
  }

  async #take(): Promise<RowValues> {
    const found = await this.#open?.next();
    if (found === undefined || found.done === true) throw new TypeError("A stream of rows ended without saying so.");
    this.#position += found.value.rows;
    return found.value;
  }
}

/** The rows of one epoch, `size` at a time and fewer at its end. Exactly as many as are declared, or an error that says so. */
async function* batchesOf(parts: StreamParts, epoch: number, size: number, random: RandomStream): AsyncGenerator<RowValues, void> {
  const { count, read, unfit, split } = parts;
  const when = epoch === 0 ? "" : ` in epoch ${epoch}`;
  let waiting: RowValues[] = [];
  let given = 0;
  let sent = 0;
  for await (const piece of piecesOf(parts, epoch, size, random)) {
    const values = read(piece, given);
    given += values.rows;
    if (given > count) throw unfit(`The stream of ${split} gave more than the ${count} rows it declares${when}.`);
    waiting.push(values);
    while (given - sent >= size || (given === count && sent < given)) {
      const { batch, rest } = taken(waiting, Math.min(size, given - sent));
      waiting = rest;
      sent += batch.rows;
      // The last one waits until it is certain that no row follows.
      if (sent < count) yield batch;
      else waiting = [batch];
    }
  }
  if (given < count) throw unfit(`The stream of ${split} ended after ${given} of the ${count} rows it declares${when}.`);
  yield* waiting;
}

/** What the user's iterator gives. Its code draws from `random` alone, also where it asks `Math.random`. */
async function* piecesOf(
  { stream, thrown, unfit, split }: StreamParts,
  epoch: number,
  batchSize: number,
  random: RandomStream,
): AsyncGenerator {
  let iterator: AsyncIterator<unknown> | Iterator<unknown>;
  try {
    const given: unknown = await withRandomMeanwhile(random, () => stream.batches({ epoch, batchSize, random: asRandom(random) }));
    const opened = iteratorOf(given);
    if (opened === undefined) throw unfit(`The batches of ${split} cannot be iterated over: make them with an async function*.`);
    iterator = opened;
  } catch (error) {
    throw thrown(error);
  }
  const own = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await withRandomMeanwhile(random, work);
    } catch (error) {
      throw thrown(error);
    }
  };
  // As `for await` does: an iterator that has ended or thrown is not asked to end.
  let isOpen = false;
  try {
    for (;;) {
      const found = await own(() => iterator.next());
      if (found.done === true) return;
      isOpen = true;
      yield found.value;
      isOpen = false;
    }
  } finally {
    if (isOpen) await own(() => iterator.return?.());
  }
}

function iteratorOf(given: unknown): AsyncIterator<unknown> | Iterator<unknown> | undefined {
  if (isAsyncIterable(given)) return given[Symbol.asyncIterator]();
  return isIterable(given) ? given[Symbol.iterator]() : undefined;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

/** The first `rows` rows of some pieces in one piece, and what is left. */
function taken(pieces: readonly RowValues[], rows: number): { readonly batch: RowValues; readonly rest: RowValues[] } {
  const parts: RowValues[] = [];
  const rest = [...pieces];
  for (let missing = rows; missing > 0;) {
    const piece = rest.shift();
    if (piece === undefined) throw new RangeError("There are fewer rows than are taken.");
    if (piece.rows <= missing) parts.push(piece);
    else {
      parts.push(partOf(piece, 0, missing));
      rest.unshift(partOf(piece, missing, piece.rows));
    }
    missing -= Math.min(missing, piece.rows);
  }
  return { batch: parts.length === 1 && parts[0] !== undefined ? parts[0] : joined(parts, rows), rest };
}

function partOf({ rows, inputs, targets, present }: RowValues, start: number, end: number): RowValues {
  const floats = (all: Float32Array): Float32Array => all.subarray((start * all.length) / rows, (end * all.length) / rows);
  return {
    rows: end - start,
    inputs: inputs.map(floats),
    targets: targets.map(floats),
    present: present.map((all) => all.subarray(start, end)),
  };
}

function joined(parts: readonly RowValues[], rows: number): RowValues {
  const [first] = parts;
  if (first === undefined) throw new RangeError("There is nothing to join.");
  const floats = (of: (values: RowValues) => readonly Float32Array[]): Float32Array[] =>
    of(first).map((all, index) => {
      const whole = new Float32Array((all.length / first.rows) * rows);
      let at = 0;
      for (const part of parts) {
        const piece = of(part)[index] ?? new Float32Array();
        whole.set(piece, at);
        at += piece.length;
      }
      return whole;
    });
  const present = first.present.map((_, index) => Uint8Array.from(parts.flatMap((part) => [...(part.present[index] ?? [])])));
  return { rows, inputs: floats(({ inputs }) => inputs), targets: floats(({ targets }) => targets), present };
}

import { RandomStream } from "../../../balancers/kernels/random-stream.ts";
import { AugmentedFeed } from "../augment/augmented-feed.ts";
import type { Augment } from "../augment/augmentation.ts";
import type { BatchFeed, FeedState, RowSource, RowValues } from "../dataset.ts";
import { amongAllTasks, joinRows, type TaskPlaces } from "./joined-rows.ts";

/** One source among several. */
export interface SourcePart {
  readonly name: string;
  readonly rows: RowSource;
  readonly places: TaskPlaces;
  /** How its training rows are changed by chance. */
  readonly augment?: Augment;
}

/**
 * The rows of one source among several, in the order of its own feed, as rows of the whole data set: batch by batch as it gives them, or as
 * many as are asked for. It draws from a stream of its own, so that no source moves another.
 */
export class PartFeed {
  readonly #feed: BatchFeed;
  readonly #places: TaskPlaces;
  readonly #stream: RandomStream;
  readonly #changes: RandomStream;
  /** Rows that the feed has given and nobody has taken yet. */
  #left: RowValues | undefined;

  /** `batchSize` is how many rows the feed gives at once. */
  constructor({ name, rows, places, augment }: SourcePart, batchSize: number, seed: number) {
    this.#stream = RandomStream.seeded(seed, `source/${name}`);
    this.#changes = RandomStream.seeded(seed, `augmentation/${name}`);
    const feed = rows.feed({ batchSize, stream: this.#stream });
    this.#feed = augment === undefined ? feed : new AugmentedFeed(feed, augment, this.#changes);
    this.#places = places;
  }

  /** Batches in one pass over the source. */
  get batches(): number {
    return this.#feed.batches;
  }

  /** The next batch as the feed gives it. */
  next(): RowValues | Promise<RowValues> {
    const widened = (values: RowValues): RowValues => amongAllTasks(values, this.#places);
    const values = this.#feed.next();
    return values instanceof Promise ? values.then(widened) : widened(values);
  }

  /** The next `rows` rows, at least one. */
  take(rows: number): RowValues | Promise<RowValues> {
    const taken: RowValues[] = [];
    let missing = rows;
    const takeFrom = (values: RowValues): void => {
      const end = Math.min(values.rows, missing);
      taken.push(copyOfRows(values, 0, end));
      // A copy too: the feed may use its arrays again.
      this.#left = end < values.rows ? copyOfRows(values, end, values.rows) : undefined;
      missing -= end;
    };
    const goOn = (): RowValues | Promise<RowValues> => {
      while (missing > 0) {
        const values = this.#left ?? this.#feed.next();
        if (values instanceof Promise) {
          return values.then((waited) => {
            takeFrom(waited);
            return goOn();
          });
        }
        takeFrom(values);
      }
      return amongAllTasks(joinRows(taken), this.#places);
    };
    return goOn();
  }

  /** What is left of a batch is saved with its values: no feed can be turned back by a few rows. */
  save(): FeedState {
    const { numbers, arrays } = this.#feed.save();
    const streams = { [streamName]: Uint32Array.from(this.#stream.save()), [changesName]: Uint32Array.from(this.#changes.save()) };
    return { numbers, arrays: { ...arrays, ...streams, ...leftArrays(this.#left) } };
  }

  async restore({ numbers, arrays }: FeedState): Promise<void> {
    this.#stream.restore(arrays[streamName] ?? []);
    this.#changes.restore(arrays[changesName] ?? []);
    await this.#feed.restore({ numbers, arrays });
    this.#left = leftFrom(arrays);
  }

  async close(): Promise<void> {
    await this.#feed.close?.();
  }
}

const streamName = "stream";
const changesName = "augmentation";

function copyOfRows(values: RowValues, start: number, end: number): RowValues {
  const part = <T extends Float32Array | Uint8Array>(all: T): T => {
    const width = all.length / values.rows;
    // A copy of the same kind; the two kinds' own signatures cannot be joined.
    return all.slice(start * width, end * width) as T;
  };
  return { rows: end - start, inputs: values.inputs.map(part), targets: values.targets.map(part), present: values.present.map(part) };
}

function leftArrays(left: RowValues | undefined): Record<string, Uint32Array> {
  if (left === undefined) return {};
  // Views: nobody writes to what is left.
  const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length);
  const named = (kind: string, arrays: readonly Uint32Array[]): [string, Uint32Array][] =>
    arrays.map((array, index) => [`left/${kind}/${index}`, array]);
  return Object.fromEntries([
    ["left/rows", Uint32Array.of(left.rows)],
    ...named("input", left.inputs.map(bits)),
    ...named("target", left.targets.map(bits)),
    ...named("present", left.present.map((marks) => Uint32Array.from(marks))), // prettier-ignore
  ]);
}

function leftFrom(arrays: FeedState["arrays"]): RowValues | undefined {
  const [rows] = arrays["left/rows"] ?? [];
  if (rows === undefined) return undefined;
  const all = (kind: string): Uint32Array[] => {
    const found: Uint32Array[] = [];
    for (;;) {
      const next = arrays[`left/${kind}/${found.length}`];
      if (next === undefined) return found;
      found.push(next);
    }
  };
  const floats = (bits: Uint32Array): Float32Array => new Float32Array(bits.slice().buffer);
  return { rows, inputs: all("input").map(floats), targets: all("target").map(floats), present: all("present").map((marks) => Uint8Array.from(marks)) }; // prettier-ignore
}

import { closeFeeds } from "./data/close-feeds.ts";
import type { BatchFeed, FeedState, RowValues } from "./data/dataset.ts";
import type { RandomStreams } from "./random-streams.ts";

/** Where a training is in its rows: the state of each feed, the further ones' after the first, and of all random streams. */
export interface FeedPosition {
  readonly feeds: readonly FeedState[];
  readonly streams: Readonly<Record<string, readonly number[]>>;
}

/** Rows of one step: its own, and as many for each further draw; of each at least one batch. */
export interface StepBatches {
  readonly own: readonly RowValues[];
  readonly further: readonly (readonly RowValues[])[];
}

export interface StepFeedParts {
  readonly feed: BatchFeed;
  readonly furtherFeeds: readonly BatchFeed[];
  readonly streams: RandomStreams;
  /** Batches in a step. */
  readonly accumulate: number;
  readonly stepsPerEpoch: number;
}

/**
 * The batches that each step takes. The last window of an epoch has those that are left, so that every row counts once in an epoch. A
 * step that is not done has taken none, and none that it could not have: none is missed where a checkpoint goes on.
 */
export class StepFeed {
  readonly #parts: StepFeedParts;
  /** Before the batches of the step that is not done yet. */
  #before: FeedPosition | undefined;

  constructor(parts: StepFeedParts) {
    this.#parts = parts;
  }

  /** For the step after `step` steps, with so many further draws. What is saved stays where it is until the step is `done`. */
  async next(step: number, draws: number): Promise<StepBatches> {
    const { feed, furtherFeeds, accumulate, stepsPerEpoch } = this.#parts;
    const first = (step % stepsPerEpoch) * accumulate;
    const batches = Math.min(accumulate, feed.batches - first);
    this.#before = this.#position();
    const own = await window(feed, batches);
    const further: (readonly RowValues[])[] = [];
    for (const each of furtherFeeds.slice(0, draws)) further.push(await window(each, batches));
    return { own, further };
  }

  /** The batches taken last have been trained on. */
  done(): void {
    this.#before = undefined;
  }

  /** Where the next step begins. */
  save(): FeedPosition {
    return this.#before ?? this.#position();
  }

  /** Throws `RangeError` when the position is in other rows. */
  async restore({ feeds, streams }: FeedPosition): Promise<void> {
    // Feeds go on from what their streams are.
    this.#parts.streams.restore(streams);
    for (const [index, feed] of this.#feeds().entries()) {
      const state = feeds[index];
      if (state === undefined) throw new RangeError("It lacks the order of the rows.");
      await feed.restore(state);
    }
  }

  async close(): Promise<void> {
    await closeFeeds(this.#feeds());
  }

  #position(): FeedPosition {
    return { feeds: this.#feeds().map((feed) => feed.save()), streams: this.#parts.streams.save() };
  }

  #feeds(): readonly BatchFeed[] {
    return [this.#parts.feed, ...this.#parts.furtherFeeds];
  }
}

async function window(feed: BatchFeed, batches: number): Promise<readonly RowValues[]> {
  if (batches === 1) return [await feed.next()];
  const rows: RowValues[] = [];
  while (rows.length < batches) rows.push(keptRows(await feed.next()));
  return rows;
}

/** Rows to keep: their source may use its arrays again for the next batch. */
function keptRows({ rows, inputs, targets, present }: RowValues): RowValues {
  const copies = <T extends Float32Array | Uint8Array>(all: readonly T[], copy: (values: T) => T): T[] => all.map(copy);
  return {
    rows,
    inputs: copies(inputs, (values) => values.slice()),
    targets: copies(targets, (values) => values.slice()),
    present: copies(present, (values) => values.slice()),
  };
}

import { RandomStream } from "../../../balancers/kernels/random-stream.ts";
import { shareWeights } from "../../../experiment/data/source-schedule.ts";
import { closeFeeds } from "../close-feeds.ts";
import type { BatchFeed, FeedState, RowValues } from "../dataset.ts";
import type { MixedSettings } from "./mixed-feed.ts";
import { PartFeed } from "./part-feed.ts";
import { restoreParts, saveParts } from "./parts-state.ts";
import { drawsPerEpoch, epochNote, EvenTurns } from "./turns.ts";

export interface AlternateSettings extends MixedSettings {
  readonly inRandomOrder: boolean;
  /** Of the order of turns. Feeds with the same one take the same turns. */
  readonly scheduleSeed: number;
}

/** Batches of one source each. The last batch of a pass over a source may be smaller. */
export class AlternateFeed implements BatchFeed {
  readonly takesTurns = true;
  readonly note: string;
  readonly #feeds: readonly PartFeed[];
  /** The source of each batch of an epoch. */
  readonly #order: Uint32Array;
  readonly #stream: RandomStream;
  readonly #inRandomOrder: boolean;
  #position = 0;

  constructor({ parts, batchSize, schedule, seed, inRandomOrder, scheduleSeed }: AlternateSettings) {
    this.#feeds = parts.map((part) => new PartFeed(part, batchSize, seed));
    const passes = this.#feeds.map(({ batches }) => batches);
    const weights = shareWeights(
      schedule,
      parts.map(({ name }, index) => ({ name, size: passes[index] ?? 0 })),
    );
    const draws = drawsPerEpoch(passes, weights);
    const turns = new EvenTurns(draws);
    this.#order = Uint32Array.from({ length: turns.left }, () => turns.next());
    this.#stream = RandomStream.seeded(scheduleSeed, "schedule");
    this.#inRandomOrder = inRandomOrder;
    if (inRandomOrder) this.#stream.shuffle(this.#order);
    const times = parts.map(({ name, rows }, index) => ({ name, rows: rows.count, times: (draws[index] ?? 0) / (passes[index] ?? 1) }));
    this.note = epochNote(this.batches, `from one source a batch, in ${inRandomOrder ? "random " : ""}turns`, times);
  }

  get batches(): number {
    return this.#order.length;
  }

  next(): RowValues | Promise<RowValues> {
    if (this.#position === this.#order.length) {
      if (this.#inRandomOrder) this.#stream.shuffle(this.#order);
      this.#position = 0;
    }
    const feed = this.#feeds[this.#order[this.#position] ?? 0];
    if (feed === undefined) throw new RangeError("There are no sources to draw from.");
    this.#position += 1;
    return feed.next();
  }

  save(): FeedState {
    const { numbers, arrays } = saveParts(this.#feeds);
    return {
      numbers: { ...numbers, position: this.#position },
      arrays: { ...arrays, order: this.#order.slice(), schedule: Uint32Array.from(this.#stream.save()) },
    };
  }

  async restore(state: FeedState): Promise<void> {
    const { order = new Uint32Array(), schedule = new Uint32Array() } = state.arrays;
    if (order.length !== this.#order.length) {
      throw new RangeError(`The saved order is of ${order.length} batches in an epoch, and these sources give ${this.#order.length}.`);
    }
    this.#stream.restore(schedule);
    this.#order.set(order);
    this.#position = state.numbers["position"] ?? 0;
    await restoreParts(this.#feeds, state);
  }

  async close(): Promise<void> {
    await closeFeeds(this.#feeds);
  }
}

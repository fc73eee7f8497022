import { shareWeights, type SourceSchedule } from "../../../experiment/data/source-schedule.ts";
import { closeFeeds } from "../close-feeds.ts";
import type { BatchFeed, FeedState, RowValues } from "../dataset.ts";
import { joinRows } from "./joined-rows.ts";
import { PartFeed, type SourcePart } from "./part-feed.ts";
import { restoreParts, saveParts } from "./parts-state.ts";
import { drawsPerEpoch, epochNote, EvenTurns } from "./turns.ts";

export interface MixedSettings {
  readonly parts: readonly SourcePart[];
  readonly batchSize: number;
  readonly schedule: SourceSchedule;
  /** Of the streams that the parts draw from. */
  readonly seed: number;
}

/**
 * Batches with rows of every source, as far as the batch is large enough for the smallest share; the rows of a source stand together. Only
 * the last batch of an epoch may be smaller.
 */
export class MixedFeed implements BatchFeed {
  readonly batches: number;
  readonly note: string;
  readonly #batchSize: number;
  readonly #feeds: readonly PartFeed[];
  /** Each row that is drawn is a turn of its source. */
  readonly #turns: EvenTurns;

  constructor({ parts, batchSize, schedule, seed }: MixedSettings) {
    const sizes = parts.map(({ rows }) => rows.count);
    const weights = shareWeights(
      schedule,
      parts.map(({ name, rows }) => ({ name, size: rows.count })),
    );
    const draws = drawsPerEpoch(sizes, weights);
    const total = draws.reduce((sum, each) => sum + each, 0);
    this.batches = Math.ceil(total / batchSize);
    const times = parts.map(({ name, rows }, index) => ({ name, rows: rows.count, times: (draws[index] ?? 0) / rows.count }));
    this.note = epochNote(this.batches, "from all sources in every batch", times);
    this.#batchSize = batchSize;
    this.#turns = new EvenTurns(draws);
    // Each feed gives about as many rows at once as a batch takes of it, so that little is left over.
    this.#feeds = parts.map((part, index) => {
      const share = (draws[index] ?? 0) / total;
      return new PartFeed(part, Math.max(1, Math.round(batchSize * share)), seed);
    });
  }

  next(): RowValues | Promise<RowValues> {
    const counts = this.#feeds.map(() => 0);
    for (let rows = Math.min(this.#batchSize, this.#turns.left); rows > 0; rows--) {
      const source = this.#turns.next();
      counts[source] = (counts[source] ?? 0) + 1;
    }
    if (this.#turns.left === 0) this.#turns.begin();
    const taken = this.#feeds.flatMap((feed, source) => {
      const count = counts[source] ?? 0;
      return count > 0 ? [feed.take(count)] : [];
    });
    return taken.every((rows): rows is RowValues => !(rows instanceof Promise))
      ? joinRows(taken)
      : Promise.all(taken.map(async (rows) => await rows)).then(joinRows);
  }

  save(): FeedState {
    const { numbers, arrays } = saveParts(this.#feeds);
    return { numbers, arrays: { ...arrays, turns: Uint32Array.from(this.#turns.save()) } };
  }

  async restore(state: FeedState): Promise<void> {
    this.#turns.restore(state.arrays["turns"] ?? []);
    await restoreParts(this.#feeds, state);
  }

  async close(): Promise<void> {
    await closeFeeds(this.#feeds);
  }
}

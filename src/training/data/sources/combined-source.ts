import type { SourceSchedule } from "../../../experiment/data/source-schedule.ts";
import type { BatchFeed, FeedOptions, RowSource, RowValues } from "../dataset.ts";
import { AlternateFeed } from "./alternate-feed.ts";
import { amongAllTasks } from "./joined-rows.ts";
import { MixedFeed } from "./mixed-feed.ts";
import type { SourcePart } from "./part-feed.ts";

/**
 * The rows of several sources, each with labels for its own tasks alone, drawn by a schedule. An epoch ends when every row of every
 * source was drawn at least once; how many are drawn of each follows from the shares, and is the same in every epoch.
 */
export class CombinedSource implements RowSource {
  readonly #parts: readonly SourcePart[];
  readonly #schedule: SourceSchedule;

  constructor(parts: readonly SourcePart[], schedule: SourceSchedule) {
    this.#parts = parts;
    this.#schedule = schedule;
  }

  get count(): number {
    return this.#parts.reduce((sum, { rows }) => sum + rows.count, 0);
  }

  feed({ batchSize, stream, scheduleSeed }: FeedOptions): BatchFeed {
    const seed = stream.nextBits();
    const settings = { parts: this.#parts, batchSize, schedule: this.#schedule, seed };
    if (this.#schedule.batches === "mixed") return new MixedFeed(settings);
    return new AlternateFeed({ ...settings, inRandomOrder: this.#schedule.order === "random", scheduleSeed: scheduleSeed ?? seed });
  }

  /** Source after source, so that no order of batches enters a measurement. */
  async *scan(rows: number): AsyncGenerator<RowValues> {
    for (const { rows: source, places } of this.#parts) {
      for await (const values of source.scan(rows)) yield amongAllTasks(values, places);
    }
  }
}

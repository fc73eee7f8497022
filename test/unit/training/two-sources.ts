import type { SourceSchedule } from "../../../src/experiment/data/source-schedule.ts";
import type { Split } from "../../../src/experiment/record.ts";
import type { Dataset } from "../../../src/training/data/dataset.ts";
import { CombinedSource } from "../../../src/training/data/sources/combined-source.ts";
import { syntheticDataset } from "./synthetic.ts";

/** The synthetic tasks, each with rows of its own: the label of the other is in none of them. */
export function twoSources(schedule: SourceSchedule, rows: readonly [kind: number, size: number] = [60, 40]): Dataset {
  const sources = [syntheticDataset({ rows: rows[0], tasks: ["kind"] }), syntheticDataset({ rows: rows[1], tasks: ["size"] })] as const;
  const joined = (split: Split): CombinedSource =>
    new CombinedSource(
      sources.map((source, index) => ({
        name: ["kinds", "sizes"][index] ?? "",
        rows: source.splits[split],
        places: { sizes: [1, 1], own: [0, 1].map((task) => (task === index ? 0 : undefined)) },
      })),
      schedule,
    );
  return {
    inputs: sources[0].inputs,
    tasks: sources.flatMap(({ tasks }) => tasks),
    splits: { train: joined("train"), validation: joined("validation"), test: joined("test") },
  };
}

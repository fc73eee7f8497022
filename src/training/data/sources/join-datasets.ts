import type { SourceSchedule } from "../../../experiment/data/source-schedule.ts";
import type { Split } from "../../../experiment/record.ts";
import type { Dataset, RowSource, TaskTargets } from "../dataset.ts";
import { CombinedSource } from "./combined-source.ts";
import type { TaskPlaces } from "./joined-rows.ts";

/** The data set of one source. */
export interface NamedDataset {
  readonly name: string;
  readonly dataset: Dataset;
}

/**
 * Several data sets with the same inputs as one, whose tasks are in the order of `ids`; rows of one have no label for the tasks of another.
 */
export function joinDatasets(sources: readonly NamedDataset[], ids: readonly string[], schedule: SourceSchedule): Dataset {
  const tasks = tasksInOrder(sources, ids);
  const sizes = tasks.map(({ shape }) => shape.reduce((size, axis) => size * axis, 1));
  const placesOf = ({ dataset }: NamedDataset): TaskPlaces => ({
    sizes,
    own: tasks.map(({ id }) => {
      const position = dataset.tasks.findIndex((task) => task.id === id);
      return position < 0 ? undefined : position;
    }),
  });
  const parts = sources.map((source) => ({ ...source, places: placesOf(source) }));
  const rowsOf = (split: Split): RowSource =>
    new CombinedSource(
      parts.map(({ name, dataset, places }) => {
        const augment = split === "train" ? dataset.augment : undefined;
        return { name, rows: dataset.splits[split], places, ...(augment === undefined ? {} : { augment }) };
      }),
      schedule,
    );
  return {
    inputs: sources[0]?.dataset.inputs ?? [],
    tasks,
    splits: { train: rowsOf("train"), validation: rowsOf("validation"), test: rowsOf("test") },
    warnings: sources.flatMap(({ name, dataset }) => (dataset.warnings ?? []).map((warning) => `${name}: ${warning}`)),
    async close() {
      for (const { dataset } of sources) await dataset.close?.();
    },
  };
}

function tasksInOrder(sources: readonly NamedDataset[], ids: readonly string[]): readonly TaskTargets[] {
  const all = sources.flatMap(({ dataset }) => dataset.tasks);
  return ids.map((id) => {
    const [found, another] = all.filter((task) => task.id === id);
    if (found !== undefined && another === undefined) return found;
    throw new TypeError(`The check of the experiment let the task "${id}" be in ${found === undefined ? "no source" : "several sources"}.`);
  });
}

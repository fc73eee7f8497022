import { lossFacts } from "../../experiment/losses.ts";
import { metricFacts, metricName, type MetricName } from "../../experiment/metrics.ts";
import type { TaskDescription } from "../../experiment/record.ts";
import type { Task } from "../../experiment/schema.ts";
import { taskKinds } from "../../experiment/task-kinds.ts";
import type { TaskTargets } from "../data/dataset.ts";
import { trainedKinds } from "../kinds/kinds.ts";
import { lossOf } from "../losses/losses.ts";
import { ClassTally } from "./class-tally.ts";
import { MarkTally } from "./mark-tally.ts";
import { NumberTally } from "./number-tally.ts";
import { RankTally } from "./rank-tally.ts";
import type { Tally } from "./tally.ts";
import { TopTally } from "./top-tally.ts";

/** The metrics of a task by name, the headline first; those of its loss or its kind where it names none. */
export function metricsOf(task: Pick<Task, "kind" | "loss" | "metrics">): readonly MetricName[] {
  return task.metrics?.map(metricName) ?? lossFacts[lossOf(task)].metrics ?? taskKinds[task.kind].defaults;
}

export function describeTask(targets: TaskTargets, task: Pick<Task, "kind" | "loss" | "metrics">): TaskDescription {
  const names = metricsOf(task);
  const [headlineMetric = ""] = names;
  const metrics = names.map((name) => {
    const { better, unit } = metricFacts(name);
    return { name, better, unit };
  });
  return { id: targets.id, kind: targets.kind, headlineMetric, metrics, classes: targets.classes };
}

/** A task's metrics over the rows that were added. */
export class TaskMetrics {
  /** What each metric is read from; metrics that share their sums share a tally. */
  readonly #tallies: ReadonlyMap<string, Tally>;

  /** `ranked`: how many rows there will be at most; without it, what must keep all rows to rank them is not measured. */
  constructor(targets: TaskTargets, names: readonly MetricName[], ranked?: number) {
    const tallies = new Map<string, Tally>();
    for (const name of names) {
      const key = tallyOf(name);
      if (key !== "ranks" && !tallies.has(key)) tallies.set(key, begin(key, targets));
    }
    if (ranked !== undefined && names.some((name) => tallyOf(name) === "ranks")) tallies.set("ranks", new RankTally(targets, ranked));
    this.#tallies = tallies;
  }

  /** Sums by a name that is the same in every run of the experiment, for checkpoints. */
  get sums(): ReadonlyMap<string, Float64Array> {
    return new Map([...this.#tallies].flatMap(([key, { sums }]) => (sums === undefined ? [] : [[key, sums] as const])));
  }

  /** `output` is row-major; `truth` and `present` are of the same rows. Rows without a label are left out. */
  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    for (const tally of this.#tallies.values()) tally.add(output, truth, present);
  }

  /** NaN where there is nothing to measure: no labelled row, no spread for r2, no ranks in training. */
  value(name: MetricName): number {
    return this.#tallies.get(tallyOf(name))?.value(name) ?? Number.NaN;
  }

  reset(): void {
    for (const tally of this.#tallies.values()) tally.reset();
  }
}

function tallyOf(name: MetricName): string {
  if (metricFacts(name).ranks === true) return "ranks";
  return name.startsWith("top") ? name : "sums";
}

function begin(key: string, targets: TaskTargets): Tally {
  if (key !== "sums") return new TopTally(targets, Number(key.slice("top".length)));
  const { reading } = trainedKinds[targets.kind];
  switch (reading.as) {
    case "classes":
      return new ClassTally(targets, reading);
    case "marks":
      return new MarkTally(targets);
    case "numbers":
      return new NumberTally(targets);
  }
}

/** How one metric value counts towards the choice of the best checkpoint: 1 is perfect, higher is better. */
export function metricScore(name: string, value: number, targets: TaskTargets): number {
  return metricFacts(name).better === "lower" ? 1 - value / spreadOf(targets) : value;
}

/** Standard deviation of the training targets: of a vector the root mean square over its components, of ordered classes in ranks. */
function spreadOf({ numbers, classes, counts }: TaskTargets): number {
  if (numbers.length > 0) return Math.sqrt(numbers.reduce((sum, { deviation }) => sum + deviation ** 2, 0) / numbers.length);
  const weights = counts ?? classes.map(() => 1);
  const all = weights.reduce((sum, count) => sum + count, 0);
  const mean = weights.reduce((sum, count, rank) => sum + count * rank, 0) / all;
  return Math.sqrt(weights.reduce((sum, count, rank) => sum + count * (rank - mean) ** 2, 0) / all) || 1;
}

import type { MetricTable, TaskDescription } from "../experiment/record.ts";
import { score } from "./best.ts";
import type { TaskTargets } from "./data/dataset.ts";
import { TrainingError } from "./training-error.ts";

/** What one validation found. */
export interface Validation {
  readonly metrics: NonNullable<MetricTable["validation"]>;
  /** One a task; NaN where no row has a label. */
  readonly losses: readonly number[];
}

/** How good a validation is: more is better; undefined where it cannot be told. */
export type Measure = (validation: Validation) => number | undefined;

/**
 * The measure of `mean`, as the best checkpoint is chosen by, of `task/metric`, or of `task/loss`. What is better when lower is taken with
 * its sign turned. Throws `TrainingError` for a task or a metric that is not recorded.
 */
export function measureOf(metric: string, tasks: readonly TaskDescription[], targets: readonly TaskTargets[]): Measure {
  if (metric === "mean") return ({ metrics }) => score(metrics, tasks, targets);
  const [id = "", name = ""] = metric.split("/");
  const position = tasks.findIndex((task) => task.id === id);
  if (position >= 0 && name === "loss") return ({ losses }) => finite(-(losses[position] ?? Number.NaN));
  const described = tasks[position]?.metrics.find((each) => each.name === name);
  if (described === undefined) {
    const known = tasks.flatMap((task) => [...task.metrics.map((each) => `${task.id}/${each.name}`), `${task.id}/loss`]);
    throw new TrainingError(
      "experiment",
      `Nothing is recorded as "${metric}", so it cannot be watched. There are: mean, ${known.join(", ")}.`,
    );
  }
  const sign = described.better === "higher" ? 1 : -1;
  return ({ metrics }) => finite(sign * (metrics[id]?.[name] ?? Number.NaN));
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

export interface PlateauRule {
  /** In epochs; 0: it is never reached. */
  readonly patience: number;
  readonly minDelta: number;
}

/** What a checkpoint holds of a plateau. */
export interface PlateauState {
  /** Best value that counted; null before the first. */
  readonly reference: number | null;
  /** Step from which the patience runs. */
  readonly since: number;
}

/** Notices that a value has not become better, by more than `minDelta`, for `patience` epochs. */
export class Plateau {
  readonly #rule: PlateauRule;
  readonly #stepsPerEpoch: number;
  state: PlateauState;

  constructor(rule: PlateauRule, stepsPerEpoch: number, since = 0) {
    this.#rule = rule;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.state = { reference: null, since };
  }

  see(step: number, value: number | undefined): void {
    const { reference } = this.state;
    if (value === undefined || (reference !== null && value <= reference + this.#rule.minDelta)) return;
    this.state = { reference: value, since: step };
  }

  reached(step: number): boolean {
    const { patience } = this.#rule;
    return patience > 0 && step - this.state.since >= patience * this.#stepsPerEpoch;
  }
}

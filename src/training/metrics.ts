import type { MetricDescription, TaskDescription } from "../experiment/record.ts";
import type { Task } from "../experiment/schema.ts";
import type { TaskTargets } from "./data/dataset.ts";

export type MetricName = NonNullable<Task["metrics"]>[number];

const descriptions: Readonly<Record<MetricName, MetricDescription>> = {
  accuracy: { name: "accuracy", better: "higher", unit: "share" },
  f1: { name: "f1", better: "higher", unit: "share" },
  rmse: { name: "rmse", better: "lower", unit: "plain" },
  mae: { name: "mae", better: "lower", unit: "plain" },
  r2: { name: "r2", better: "higher", unit: "plain" },
};

/** Metrics of a task that names none; the first is the headline. */
const defaults: Readonly<Record<Task["kind"], readonly MetricName[]>> = {
  classification: ["accuracy", "f1"],
  regression: ["rmse", "r2"],
};

export function metricsOf(task: Pick<Task, "kind" | "metrics">): readonly MetricName[] {
  return task.metrics ?? defaults[task.kind];
}

export function describeTask(targets: TaskTargets, task: Pick<Task, "kind" | "metrics">): TaskDescription {
  const names = metricsOf(task);
  const [headlineMetric = ""] = names;
  return { id: targets.id, kind: targets.kind, headlineMetric, metrics: names.map((name) => descriptions[name]), classes: targets.classes };
}

/** How one metric value counts towards the choice of the best checkpoint: 1 is perfect, higher is better. */
export function metricScore(name: string, value: number, deviation: number): number {
  // Errors are in the column's unit; divided by the spread of the training targets they compare with the bounded metrics.
  return name === "rmse" || name === "mae" ? 1 - value / (deviation > 0 ? deviation : 1) : value;
}

/** Sums from which a task's metrics follow; rows can be added batch by batch, and a checkpoint can hold it. */
export interface MetricSums {
  /** Classification: counts, true class major. Regression: empty. */
  readonly confusion: Float64Array;
  /** Regression, in the column's unit: count, Σ|e|, Σe², Σy, Σy². */
  readonly moments: Float64Array;
}

export class TaskMetrics {
  readonly #targets: TaskTargets;
  readonly sums: MetricSums;

  constructor(targets: TaskTargets) {
    this.#targets = targets;
    this.sums = { confusion: new Float64Array(targets.classes.length ** 2), moments: new Float64Array(5) };
  }

  /** Rows without a label are left out. `output` is row-major, and `truth` and `present` are of the same rows. */
  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    for (let row = 0; row < present.length; row++) {
      if (present[row] !== 1) continue;
      if (this.#targets.kind === "classification") this.#addClass(output, row, truth[row] ?? 0);
      else this.#addValue(output[row] ?? 0, truth[row] ?? 0);
    }
  }

  /** NaN where there is nothing to measure: no labelled row, or for r2 no spread. */
  value(name: MetricName): number {
    const [count = 0, absolute = 0, squared = 0, sum = 0, squares = 0] = this.sums.moments;
    switch (name) {
      case "accuracy":
        return this.#accuracy();
      case "f1":
        return this.#macroF1();
      case "rmse":
        return Math.sqrt(squared / count);
      case "mae":
        return absolute / count;
      case "r2": {
        // Sums are taken around the training mean, so that little is lost here for columns far from 0.
        const spread = squares - (sum * sum) / count;
        return spread > 0 ? 1 - squared / spread : Number.NaN;
      }
    }
  }

  reset(): void {
    this.sums.confusion.fill(0);
    this.sums.moments.fill(0);
  }

  #addClass(output: Float32Array, position: number, truth: number): void {
    const classes = this.#targets.classes.length;
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((output[position * classes + c] ?? 0) > (output[position * classes + best] ?? 0)) best = c;
    }
    const cell = truth * classes + best;
    this.sums.confusion[cell] = (this.sums.confusion[cell] ?? 0) + 1;
  }

  #addValue(output: number, truth: number): void {
    const { moments } = this.sums;
    const deviation = this.#targets.numbers[0]?.deviation ?? 1;
    const error = (output - truth) * deviation;
    const value = truth * deviation;
    [1, Math.abs(error), error * error, value, value * value].forEach((term, i) => {
      moments[i] = (moments[i] ?? 0) + term;
    });
  }

  #accuracy(): number {
    const classes = this.#targets.classes.length;
    let [right, all] = [0, 0];
    this.sums.confusion.forEach((count, cell) => {
      all += count;
      if (cell % (classes + 1) === 0) right += count;
    });
    return right / all;
  }

  /** Mean of the classes' F1, over the classes that occur among the labels or the answers. */
  #macroF1(): number {
    const classes = this.#targets.classes.length;
    const { confusion } = this.sums;
    let [sum, met] = [0, 0];
    for (let c = 0; c < classes; c++) {
      let [labelled, answered] = [0, 0];
      for (let other = 0; other < classes; other++) {
        labelled += confusion[c * classes + other] ?? 0;
        answered += confusion[other * classes + c] ?? 0;
      }
      if (labelled + answered === 0) continue;
      met += 1;
      sum += (2 * (confusion[c * (classes + 1)] ?? 0)) / (labelled + answered);
    }
    return sum / met;
  }
}

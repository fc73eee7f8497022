import type { MetricName } from "../experiment/metrics.ts";
import { series, type DominanceTable, type MetricTable, type Split } from "../experiment/record.ts";
import type { Dominance } from "./dominance.ts";
import type { Evaluation } from "./evaluate.ts";
import { layerProducts } from "./gradients/products.ts";
import type { TaskMetrics } from "./metrics/metrics.ts";
import type { Recorder } from "./recorder.ts";
import type { StepReport, TrackedGradients } from "./step-report.ts";

/** What is recorded of every step. A value that does not exist (an absent task, a skipped step) leaves a gap. */
export function recordStep(
  recorder: Recorder,
  tasks: readonly string[],
  step: number,
  { losses, weights, directionNorm, clipping }: StepReport,
): void {
  tasks.forEach((task, index) => {
    const loss = losses[index];
    const weight = weights[index];
    if (loss !== undefined) recorder.scalar(series.loss(task), step, loss);
    if (weight !== undefined) recorder.scalar(series.weight(task), step, weight);
  });
  if (directionNorm !== undefined) recorder.scalar(series.directionNorm, step, directionNorm);
  if (clipping !== undefined) recorder.scalar(series.unclippedNorm, step, clipping.norm);
}

/**
 * Norms of the task gradients, their cosines with each other, as a whole and in each layer, and with the direction, and how many
 * pairs conflict. The products of a layer serve its cosines and, summed, those of the whole.
 *
 * @param layers the layer of each block of a row
 */
export function recordGradients(
  recorder: Recorder,
  tasks: readonly string[],
  layers: readonly string[],
  step: number,
  tracked: TrackedGradients,
): void {
  const products = "products" in tracked ? tracked.products : layerProducts([...tracked.rows, tracked.applied], layers);
  const whole = products.whole();
  const named = tracked.tasks.map((task) => tasks[task] ?? `task ${task}`);
  const [conflicts, pairs] = [{ count: 0 }, { count: 0 }];
  named.forEach((task, i) => {
    recorder.scalar(series.gradientNorm(task), step, Math.sqrt(whole.squaredNorm(i)));
    const help = whole.cosine(i, named.length);
    if (help !== undefined) recorder.scalar(series.help(task), step, help);
    named.forEach((other, j) => {
      if (j <= i) return;
      const value = whole.cosine(i, j);
      if (value === undefined) return;
      pairs.count += 1;
      if (value < 0) conflicts.count += 1;
      recorder.scalar(series.cosine(task, other), step, value);
      for (const [layer, part] of products.layers) {
        const inLayer = part.cosine(i, j);
        if (inLayer !== undefined) recorder.scalar(series.layerCosine(layer, task, other), step, inLayer);
      }
    });
  });
  if (pairs.count > 0) recorder.scalar(series.conflictRate, step, conflicts.count / pairs.count);
}

/** Who owns each common tensor, and the trunk. */
export function recordDominance(recorder: Recorder, tasks: readonly string[], step: number, dominance: Dominance): void {
  const { tensors, trunk } = dominance.measure();
  for (const { parameter, mean, dominated, histogram } of tensors) {
    parameter.reach.forEach((task, position) => {
      const name = tasks[task] ?? `task ${task}`;
      recorder.scalar(series.dominance(parameter.name, name), step, mean[position] ?? 0);
      recorder.scalar(series.dominated(parameter.name, name), step, dominated[position] ?? 0);
    });
    recorder.vector(series.dominanceHistogram(parameter.name), step, histogram);
  }
  if (tensors.length === 0) return;
  tasks.forEach((task, index) => {
    recorder.scalar(series.trunkDominance(task), step, trunk.mean[index] ?? 0);
    recorder.scalar(series.trunkDominated(task), step, trunk.dominated[index] ?? 0);
  });
}

/** The end table of ownership. */
export function dominanceTable(tasks: readonly string[], dominance: Dominance): DominanceTable {
  const { tensors, trunk } = dominance.measureAll();
  return {
    trunk: tensors.length === 0 ? {} : Object.fromEntries(tasks.map((task, index) => [task, trunk.mean[index] ?? 0])),
    parameters: Object.fromEntries(
      tensors.map(({ parameter, mean }) => [
        parameter.name,
        Object.fromEntries(parameter.reach.map((task, position) => [tasks[task] ?? `task ${task}`, mean[position] ?? 0])),
      ]),
    ),
  };
}

/** A task and the metrics that the experiment wants of it. */
export interface MeasuredTask {
  readonly id: string;
  readonly metrics: readonly MetricName[];
}

/** One split's table, `[task][metric]`, without what could not be measured. */
export function metricTable(tasks: readonly MeasuredTask[], metrics: readonly TaskMetrics[]): NonNullable<MetricTable[Split]> {
  return Object.fromEntries(
    tasks.map(({ id, metrics: names }, index) => {
      const values = names.map((name) => [name, metrics[index]?.value(name) ?? Number.NaN] as const);
      return [id, Object.fromEntries(values.filter(([, value]) => !Number.isNaN(value)))];
    }),
  );
}

export function recordMetrics(recorder: Recorder, split: Split, step: number, table: NonNullable<MetricTable[Split]>): void {
  for (const [task, values] of Object.entries(table)) {
    for (const [name, value] of Object.entries(values)) recorder.scalar(series.metric(split, task, name), step, value);
  }
}

export function recordValidationLosses(recorder: Recorder, tasks: readonly string[], step: number, { losses }: Evaluation): void {
  tasks.forEach((task, index) => {
    const loss = losses[index];
    if (loss !== undefined && !Number.isNaN(loss)) recorder.scalar(series.validationLoss(task), step, loss);
  });
}

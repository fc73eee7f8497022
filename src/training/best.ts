import type { MetricTable, TaskDescription } from "../experiment/record.ts";
import type { TaskTargets } from "./data/dataset.ts";
import { metricScore } from "./metrics/metrics.ts";

/** The best moment of a training so far. */
export interface Best {
  readonly step: number;
  readonly score: number;
  /** Validation metrics at that moment. */
  readonly metrics: NonNullable<MetricTable["validation"]>;
}

/**
 * What decides which checkpoint is the best: the mean over the tasks of the headline validation metric, where errors (rmse
 * and mae) count as 1 − error ⁄ (standard deviation of the training targets), and all others as they are. 1 is perfect, and
 * nothing counts below −1: an r2 of −1000 is as useless as one of −1, and must not outweigh all other tasks. The highest wins,
 * of equals the earliest. Tasks without a value are left out; undefined where no task has one.
 */
export function score(
  table: NonNullable<MetricTable["validation"]>,
  tasks: readonly TaskDescription[],
  targets: readonly TaskTargets[],
): number | undefined {
  const scores = tasks.flatMap(({ id, headlineMetric }, index) => {
    const value = table[id]?.[headlineMetric];
    const own = targets[index];
    if (own === undefined || value === undefined || !Number.isFinite(value)) return [];
    return [Math.max(worst, metricScore(headlineMetric, value, own))];
  });
  return scores.length === 0 ? undefined : scores.reduce((sum, value) => sum + value, 0) / scores.length;
}

const worst = -1;

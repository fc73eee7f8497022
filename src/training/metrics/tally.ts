import type { MetricName } from "../../experiment/metrics.ts";

/** What a task's metrics are computed from: rows are added batch by batch. */
export interface Tally {
  /** Everything added so far, where it is a few numbers that a checkpoint can hold. */
  readonly sums?: Float64Array;
  /** `output` is row-major; `truth` and `present` are of the same rows. Rows without a label are left out. */
  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void;
  /** NaN where there is nothing to measure. */
  value(metric: MetricName): number;
  /** Begins anew. */
  reset(): void;
}

/** Mean of what is a number; NaN where nothing is. */
export function meanOf(values: readonly number[]): number {
  const found = values.filter((value) => !Number.isNaN(value));
  return found.reduce((sum, value) => sum + value, 0) / found.length;
}

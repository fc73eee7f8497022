import type { BatchTargets } from "./batches.ts";

/**
 * How well a task does on a batch, in [0, 1]: the share of labelled rows whose class is right, or 1 ⁄ (1 + mean squared error)
 * of standardised values, which is ½ for a task that knows the mean alone. `output` is `[rows, classes]` or `[rows, 1]`.
 */
export function performanceOf(output: Float32Array, { target, rowWeight }: BatchTargets, kind: "classification" | "regression"): number {
  const truth = target.dataSync<"float32">();
  const weights = rowWeight.dataSync<"float32">();
  const width = output.length / weights.length;
  let sum = 0;
  weights.forEach((weight, row) => {
    if (weight === 0) return;
    const of = (values: Float32Array) => values.subarray(row * width, (row + 1) * width);
    sum +=
      weight * (kind === "classification" ? Number(place(of(output)) === place(of(truth))) : ((output[row] ?? 0) - (truth[row] ?? 0)) ** 2);
  });
  return kind === "classification" ? Math.min(1, sum) : 1 / (1 + sum);
}

/** Where the greatest value is; the first of equals. */
function place(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? 0) ? index : best), 0);
}

import type { TaskTargets } from "./data/dataset.ts";
import { sizeOf } from "./kinds/kind.ts";
import { trainedKinds } from "./kinds/kinds.ts";
import { TaskMetrics } from "./metrics/metrics.ts";

/**
 * How well a task does on a batch, in [0, 1]: the share of its answers that are right, or 1 ⁄ (1 + mean squared error) of
 * standardised numbers, which is ½ for a task that knows the mean alone. The three arrays are of the same rows.
 */
export function performanceOf(task: TaskTargets, output: Float32Array, truth: Float32Array, present: Uint8Array): number {
  if (trainedKinds[task.kind].reading.as === "numbers") return 1 / (1 + meanSquare(task, output, truth, present));
  const metrics = new TaskMetrics(task, ["accuracy"]);
  metrics.add(output, truth, present);
  return metrics.value("accuracy");
}

function meanSquare(task: TaskTargets, output: Float32Array, truth: Float32Array, present: Uint8Array): number {
  const size = sizeOf(task);
  const width = output.length / present.length;
  let [sum, known] = [0, 0];
  truth.forEach((label, place) => {
    const row = Math.floor(place / size);
    if (present[row] !== 1 || Number.isNaN(label)) return;
    sum += ((output[row * width + (place % size)] ?? 0) - label) ** 2;
    known += 1;
  });
  return sum / known;
}

import type { TaskTargets } from "./data/dataset.ts";
import { sizeOf } from "./kinds/kind.ts";
import { trainedKinds } from "./kinds/kinds.ts";
import { TaskMetrics } from "./metrics/metrics.ts";

/**
 * How well a task does on some rows, in [0, 1]: the share of its answers that are right, or 1 ⁄ (1 + mean squared error) of
 * standardised numbers, which is ½ for a task that knows the mean alone.
 */
export class Performance {
  readonly #task: TaskTargets;
  /** Of a task whose answers are classes. */
  readonly #metrics: TaskMetrics | undefined;
  #squares = 0;
  #known = 0;

  constructor(task: TaskTargets) {
    this.#task = task;
    this.#metrics = trainedKinds[task.kind].reading.as === "numbers" ? undefined : new TaskMetrics(task, ["accuracy"]);
  }

  /** The three arrays are of the same rows. */
  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    if (this.#metrics === undefined) this.#addSquares(output, truth, present);
    else this.#metrics.add(output, truth, present);
  }

  get value(): number {
    return this.#metrics === undefined ? 1 / (1 + this.#squares / this.#known) : this.#metrics.value("accuracy");
  }

  #addSquares(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    const size = sizeOf(this.#task);
    const width = output.length / present.length;
    truth.forEach((label, place) => {
      const row = Math.floor(place / size);
      if (present[row] !== 1 || Number.isNaN(label)) return;
      this.#squares += ((output[row * width + (place % size)] ?? 0) - label) ** 2;
      this.#known += 1;
    });
  }
}

/** The same of one batch. */
export function performanceOf(task: TaskTargets, output: Float32Array, truth: Float32Array, present: Uint8Array): number {
  const performance = new Performance(task);
  performance.add(output, truth, present);
  return performance.value;
}

import { tensor, type Tensor } from "@tensorflow/tfjs-core";
import type { Dataset, RowValues, TaskTargets } from "./data/dataset.ts";

/** Rows of one step on the engine. A task without a label among them has no targets: it is absent from the step. */
export interface Batch {
  readonly rows: number;
  /** One an input, `[rows, ...shape]`. */
  readonly inputs: readonly Tensor[];
  readonly targets: readonly (BatchTargets | undefined)[];
}

export interface BatchTargets {
  /** One-hot `[rows, classes]`, or standardised values `[rows, 1]`. */
  readonly target: Tensor;
  /** `[rows, 1]`: 1 ⁄ labelled, and 0 for a row without a label. */
  readonly rowWeight: Tensor;
  readonly labelled: number;
}

/** Puts rows on the engine. The caller disposes the tensors (or calls it inside `tidy`). */
export function makeBatch({ inputs, tasks }: Pick<Dataset, "inputs" | "tasks">, values: RowValues): Batch {
  const { rows } = values;
  return {
    rows,
    // A copy: the engine may keep the array, and the source may use it again.
    inputs: inputs.map(({ shape }, index) => tensor((values.inputs[index] ?? new Float32Array()).slice(), [rows, ...shape], "float32")),
    targets: tasks.map((task, position) => batchTargets(task, values.targets[position], values.present[position], rows)),
  };
}

function batchTargets(
  task: TaskTargets,
  targets: Float32Array | undefined,
  present: Uint8Array | undefined,
  count: number,
): BatchTargets | undefined {
  const width = task.kind === "classification" ? task.classes.length : 1;
  const values = new Float32Array(count * width);
  const weights = new Float32Array(count);
  let labelled = 0;
  for (let row = 0; row < count; row++) {
    if (present?.[row] !== 1) continue;
    const value = targets?.[row] ?? 0;
    if (task.kind === "classification") values[row * width + value] = 1;
    else values[row] = value;
    weights[row] = 1;
    labelled += 1;
  }
  if (labelled === 0) return undefined;
  for (let row = 0; row < count; row++) weights[row] = (weights[row] ?? 0) / labelled;
  return { target: tensor(values, [count, width], "float32"), rowWeight: tensor(weights, [count, 1], "float32"), labelled };
}

import { tensor, type Tensor } from "@tensorflow/tfjs-core";
import type { Dataset, RowValues, TaskTargets } from "./data/dataset.ts";
import { sizeOf } from "./kinds/kind.ts";
import { trainedKinds } from "./kinds/kinds.ts";

/** Rows of one step on the engine. A task without a label among them has no targets: it is absent from the step. */
export interface Batch {
  readonly rows: number;
  /** One an input, `[rows, ...shape]`. */
  readonly inputs: readonly Tensor[];
  readonly targets: readonly (BatchTargets | undefined)[];
}

/** What the loss of a task compares its outputs with. */
export interface BatchTargets {
  /** `[lines, columns]`, as its kind lays them out: one-hot, or standardised numbers, or 0 and 1. */
  readonly target: Tensor;
  /**
   * `[lines, 1]`, or `[lines, columns]` where each column is answered by itself. The labelled rows weigh alike, in a row all that is
   * known of it; 0 for what has no label. Sums to 1.
   */
  readonly rowWeight: Tensor;
  /** Rows that have a label. */
  readonly labelled: number;
  /** The rows' own targets, as the source gave them. */
  readonly truth: Float32Array;
  readonly present: Uint8Array;
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
  truth: Float32Array | undefined,
  present: Uint8Array | undefined,
  rows: number,
): BatchTargets | undefined {
  if (truth === undefined || present === undefined) throw new TypeError(`The data has no targets for "${task.id}".`);
  const { lesson } = trainedKinds[task.kind];
  const size = sizeOf(task);
  const columns = lesson.by === "classes" ? lesson.columns(task) : 1;
  const values = new Float32Array(rows * size * columns);
  const weights = new Float32Array(rows * size);
  let labelled = 0;
  for (let row = 0; row < rows; row++) {
    if (present[row] !== 1) continue;
    labelled += 1;
    const known = knownIn(truth, row * size, size);
    for (let place = row * size; place < (row + 1) * size; place++) {
      const value = truth[place] ?? Number.NaN;
      if (known === 0) {
        // A label that is no number is bad data, which must show in the loss; unknown is only what others of the row are not.
        values.fill(Number.NaN, place * columns, (place + 1) * columns);
        weights[place] = 1 / size;
      } else if (!Number.isNaN(value)) {
        if (lesson.by === "classes") lesson.write(value, values, place * columns);
        else values[place] = value;
        weights[place] = 1 / known;
      }
    }
  }
  if (labelled === 0) return undefined;
  for (let place = 0; place < weights.length; place++) weights[place] = (weights[place] ?? 0) / labelled;
  const [lines, width] = lesson.by === "classes" ? [rows * size, columns] : [rows, size];
  const rowWeight = tensor(weights, [lines, lesson.by === "classes" ? 1 : size], "float32");
  return { target: tensor(values, [lines, width], "float32"), rowWeight, labelled, truth, present };
}

function knownIn(truth: Float32Array, at: number, size: number): number {
  let known = 0;
  for (let place = at; place < at + size; place++) known += Number.isNaN(truth[place] ?? Number.NaN) ? 0 : 1;
  return known;
}

import { tensor, type Tensor } from "@tensorflow/tfjs-core";
import type { Dataset, Rows, TaskTargets } from "./data/dataset.ts";
import type { RandomStream } from "../balancers/kernels/random-stream.ts";

/** Rows of one step on the engine. A task without a label among them has no targets: it is absent from the step. */
export interface Batch {
  readonly rows: number;
  readonly input: Tensor;
  readonly targets: readonly (BatchTargets | undefined)[];
}

export interface BatchTargets {
  /** One-hot `[rows, classes]`, or standardised values `[rows, 1]`. */
  readonly target: Tensor;
  /** `[rows, 1]`: 1 ⁄ labelled, and 0 for a row without a label. */
  readonly rowWeight: Tensor;
  readonly labelled: number;
}

/** Puts the given rows on the engine. The caller disposes the tensors (or calls it inside `tidy`). */
export function makeBatch(dataset: Dataset, rows: Rows, indices: ArrayLike<number>): Batch {
  const width = dataset.inputShape.reduce((product, size) => product * size, 1);
  const inputs = new Float32Array(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] ?? 0;
    inputs.set(rows.inputs.subarray(row * width, (row + 1) * width), i * width);
  }
  return {
    rows: indices.length,
    input: tensor(inputs, [indices.length, ...dataset.inputShape], "float32"),
    targets: dataset.tasks.map((task, position) => batchTargets(task, rows.targets[position], rows.present[position], indices)),
  };
}

function batchTargets(
  task: TaskTargets,
  targets: Float32Array | undefined,
  present: Uint8Array | undefined,
  indices: ArrayLike<number>,
): BatchTargets | undefined {
  const count = indices.length;
  const width = task.kind === "classification" ? task.classes.length : 1;
  const values = new Float32Array(count * width);
  const weights = new Float32Array(count);
  let labelled = 0;
  for (let i = 0; i < count; i++) {
    const row = indices[i] ?? 0;
    if (present?.[row] !== 1) continue;
    const value = targets?.[row] ?? 0;
    if (task.kind === "classification") values[i * width + value] = 1;
    else values[i] = value;
    weights[i] = 1;
    labelled += 1;
  }
  if (labelled === 0) return undefined;
  for (let i = 0; i < count; i++) weights[i] = (weights[i] ?? 0) / labelled;
  return { target: tensor(values, [count, width], "float32"), rowWeight: tensor(weights, [count, 1], "float32"), labelled };
}

/** Where a training is in its rows: the order of the open epoch, and how many of its rows are done. */
export interface OrderState {
  readonly order: Uint32Array;
  readonly position: number;
}

/** The order in which rows are trained on: shuffled anew for every epoch; the last batch of an epoch may be smaller. */
export class BatchOrder {
  readonly #stream: RandomStream;
  readonly #batchSize: number;
  readonly #order: Uint32Array;
  #position: number;

  constructor(count: number, batchSize: number, stream: RandomStream) {
    this.#stream = stream;
    this.#batchSize = batchSize;
    this.#order = Uint32Array.from({ length: count }, (_, i) => i);
    this.#position = count;
  }

  /** Batches in an epoch. */
  get batches(): number {
    return Math.ceil(this.#order.length / this.#batchSize);
  }

  /** Row numbers of the next batch; begins a new epoch when the last one is used up. */
  next(): Uint32Array {
    if (this.#position >= this.#order.length) {
      this.#stream.shuffle(this.#order);
      this.#position = 0;
    }
    const rows = this.#order.subarray(this.#position, this.#position + this.#batchSize);
    this.#position += rows.length;
    return rows;
  }

  save(): OrderState {
    return { order: this.#order.slice(), position: this.#position };
  }

  restore({ order, position }: OrderState): void {
    if (order.length !== this.#order.length) {
      throw new RangeError(`The saved order is for ${order.length} rows, and the data has ${this.#order.length}.`);
    }
    this.#order.set(order);
    this.#position = position;
  }
}

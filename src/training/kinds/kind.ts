import type { LossName } from "../../experiment/losses.ts";
import type { TaskTargets } from "../data/dataset.ts";

/** What a kind of task is for the network; what an experiment may say of it is in `experiment/task-kinds`. */
export interface TrainedKind {
  /** The layer that is added at the end of a task's head. */
  readonly output: (task: TaskTargets, loss: LossName) => OutputLayer;
  /** Shape of its outputs for a row, without the batch axis. */
  readonly outputShape: (task: TaskTargets, loss: LossName) => readonly number[];
  /** What these outputs are, for who makes them with code of their own. */
  readonly outputWords: string;
  /** What comes after them where the loss asks for twice as many. */
  readonly furtherWords?: string;
  readonly lesson: Lesson;
  readonly reading: Reading;
}

export interface OutputLayer {
  readonly layer: "dense" | "conv2d" | "thresholds";
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What it stands on: a flat row of features, or features for each pixel of the targets. */
  readonly on: "features" | "pixels";
}

/**
 * How targets are laid out for the losses. `classes`: each value of a row becomes a line of its own, `[rows × values, columns]`,
 * with one weight. `numbers`: a row stays a line, `[rows, values]`, with a weight for each value.
 */
export type Lesson =
  | {
      readonly by: "classes";
      readonly columns: (task: TaskTargets) => number;
      /** Writes the line of a class, which begins at `at` and holds zeros before. */
      readonly write: (value: number, into: Float32Array, at: number) => void;
    }
  | { readonly by: "numbers" };

/** How outputs are read as answers. */
export type Reading =
  /** A class a value of the targets, from `width` outputs each. */
  | {
      readonly as: "classes";
      readonly width: (task: TaskTargets) => number;
      readonly answer: (output: Float32Array, at: number, width: number) => number;
      /** Classes whose F1 counts, where it is not all of them. */
      readonly f1?: readonly number[];
    }
  /** Yes where the output is above 0, for each value of the targets. */
  | { readonly as: "marks" }
  /** Standardised numbers, the first outputs of a row. */
  | { readonly as: "numbers" };

/** Numbers in a row's targets. */
export function sizeOf({ shape }: Pick<TaskTargets, "shape">): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** A class a line, told by 1 in its column. */
export const oneHot: Lesson = {
  by: "classes",
  columns: ({ classes }) => classes.length,
  write: (value, into, at) => {
    into[at + value] = 1;
  },
};

/** Where the greatest of `width` outputs is; the first of equals. */
export function greatest(output: Float32Array, at: number, width: number): number {
  let best = 0;
  for (let c = 1; c < width; c++) {
    if ((output[at + c] ?? 0) > (output[at + best] ?? 0)) best = c;
  }
  return best;
}

/** A dense layer for a head that ends flat. */
export function dense(units: (task: TaskTargets, loss: LossName) => number): Pick<TrainedKind, "output" | "outputShape"> {
  return {
    output: (task, loss) => ({ layer: "dense", arguments: { units: units(task, loss), ...firstWeights }, on: "features" }),
    outputShape: (task, loss) => [units(task, loss)],
  };
}

export const firstWeights = { kernelInitializer: "glorotNormal", biasInitializer: "zeros" } as const;

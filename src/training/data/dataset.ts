import type { Split } from "../../experiment/record.ts";

/** A data set in memory, ready to be cut into batches. */
export interface Dataset {
  /** Shape of one input row, without the batch axis: `[features]`, or `[height, width, channels]`. */
  readonly inputShape: readonly number[];
  /** Names of the input features where they have names (tables), else empty. */
  readonly inputNames: readonly string[];
  readonly tasks: readonly TaskTargets[];
  readonly splits: Readonly<Record<Split, Rows>>;
}

/** What a task's targets are, fitted on the training rows alone. */
export interface TaskTargets {
  readonly id: string;
  readonly kind: "classification" | "regression";
  /** Class labels in the order of the outputs; empty for regression. */
  readonly classes: readonly string[];
  /** Regression targets are standardised with these; metrics are reported in the column's own unit. */
  readonly mean: number;
  readonly deviation: number;
}

/** Rows of one split. */
export interface Rows {
  readonly count: number;
  /** `count × product(inputShape)`, row-major. */
  readonly inputs: Float32Array;
  /** One entry a task, in the order of `Dataset.tasks`: class index, or standardised number; 0 where absent. */
  readonly targets: readonly Float32Array[];
  /** One entry a task: 1 where the row has a label, 0 where it is missing. */
  readonly present: readonly Uint8Array[];
}

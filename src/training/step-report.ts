import type { BalanceStatus } from "../balancers/balancer.ts";
import type { Clipping } from "./clipping.ts";
import type { JacobianRow } from "./gradients/gram.ts";
import type { LayerProducts } from "./gradients/products.ts";
import type { BadValue, Remedy } from "./non-finite.ts";

/** Steps and epochs done. */
export interface StepCount {
  readonly step: number;
  readonly epoch: number;
}

/** What a balancer counts that began later than the training. */
export function since({ step, epoch }: StepCount, began: StepCount): StepCount {
  return { step: step - began.step, epoch: epoch - began.epoch };
}

export interface StepMoment {
  /** Steps done before this one. */
  readonly step: number;
  readonly epoch: number;
  /** Learning rate of the optimizer. */
  readonly rate: number;
  /**
   * Measure gradients and ownership in this step. It then walks back once for each task, whatever the method, and adds the
   * gradients up itself: the same sum in another order, so the last bits of a run depend on how often it is tracked. Where gradients
   * are not stored, these walks come after the others, and the sum is that of any step.
   */
  readonly track: boolean;
}

/** What a step did. Arrays have one entry a task of the run. */
export interface StepReport {
  /** Undefined for a task without a label in the batch. */
  readonly losses: readonly (number | undefined)[];
  /** Undefined also for a task that was dropped, and all of them in a skipped step. */
  readonly weights: readonly (number | undefined)[];
  /** One entry a batch: outputs of the tasks, row-major, as the parameters were before the step. */
  readonly outputs: readonly (readonly Float32Array[])[];
  /** Norm of the applied direction; undefined in a skipped step. */
  readonly directionNorm: number | undefined;
  /** Present where clipping was asked for and the step was not skipped. */
  readonly clipping: Clipping | undefined;
  /** How the method's answer came about; undefined in a skipped step. */
  readonly status: BalanceStatus | undefined;
  /** Factor by which a direction of accidental length was shortened; 1 for nearly all. */
  readonly shortened: number;
  /** Present where it was asked for and the step was not skipped. */
  readonly tracked: TrackedGradients | undefined;
  readonly trouble: Trouble | undefined;
  /** Whole backward walks made. */
  readonly walks: number;
}

export interface Trouble {
  readonly bad: readonly BadValue[];
  readonly remedy: Remedy;
}

/** Gradients of one tracked step, for norms, cosines and help. */
export type TrackedGradients = StoredGradients | MeasuredGradients;

export interface StoredGradients {
  readonly tasks: readonly number[];
  readonly rows: readonly JacobianRow[];
  readonly applied: JacobianRow;
}

/** What is left of gradients that were not stored, or not read: their products with each other and, in the last row, with the applied direction. */
export interface MeasuredGradients {
  readonly tasks: readonly number[];
  readonly products: LayerProducts;
}

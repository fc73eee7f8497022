import type { Buffers, MeanPace } from "../../balancers/balancer.ts";
import type { SignMasking } from "../../balancers/kernels/sign-masks.ts";
import type { OptimizerSlot } from "../optimizers/slot.ts";
import type { GradientRows, KnownMoves, Precision } from "../shared-step.ts";

/**
 * The gradients of a pass for all parameters, left where they were computed, for a step that needs no more of them than products or their
 * sum. What asks for more asks the pass for its way back; both may be asked.
 */
export interface HeldGradients {
  /**
   * What each loss gives the common parameters, as products, and what it gives those that it alone reaches, as squared norms.
   *
   * @param asksParts whether the motion will be asked for what each task moved
   */
  products(asksParts: boolean): HeldProducts;
  /** Computes Σ w_i g_i of the common parameters; its squared norm, and squared norms as with `products`. */
  sum(weights: readonly number[]): HeldSum;
  /**
   * Moves all parameters by the optimizer's step: common ones along the sum that was computed, or along Σ w_i g_i where products were asked
   * for; each other one along its gradient times its loss's weight in `ownedWeights`. After `apart`, each task moves the common ones by
   * accumulators of its own, times its weight; after `rows`, they move along the masked sum that `signs` tell of. Undefined, with
   * nothing changed, where it cannot.
   */
  move(motion: HeldMotion): HeldMove | undefined;
  /** Squared norms of what each loss gives the common parameters, and those that it alone reaches, for tasks that move them one by one. */
  apart(): HeldSquares;
  /** The same, for tasks that move the common parameters together, along Σ w_i g_i of gradients with signs masked. */
  rows(): HeldSquares;
  /** The same, for a motion along Σ w_i g_i that will be asked for what each task moved. */
  parts(weights: readonly number[]): HeldSquares;
  /**
   * After `rows`: moves the balancer's moving means of the gradients, one pace a task. `move` then goes along these means, and not along the
   * gradients. Those that were stay as they are. Undefined where it cannot.
   */
  track(means: Buffers, paces: readonly MeanPace[]): HeldMeans | undefined;
  /** Tells that such a step could not be made of these, so that it is not tried for ever. */
  giveUp(): void;
}

export interface HeldProducts {
  /** `J Jᵀ`, rounded to single precision in parts. */
  readonly gram: readonly (readonly number[])[];
  readonly owned: readonly number[];
}

export interface HeldSquares {
  readonly common: readonly number[];
  readonly owned: readonly number[];
}

/** Moving means after a step, left where they are until somebody asks for one of them. */
export interface HeldMeans {
  /** Their products; with native rounded to single precision in parts. */
  readonly gram: readonly (readonly number[])[];
  readonly buffers: Buffers;
}

export interface HeldMotion {
  readonly weights: readonly number[];
  readonly ownedWeights: readonly number[];
  /** What is left of the direction, heads included, where it is too long; 1 otherwise, and after `apart`. */
  readonly share: number;
  readonly rate: number;
  readonly signs?: HeldSigns | undefined;
  /** Tell what each task moved. */
  readonly asksMoves: boolean;
}

/** Which signs are masked, and the draws, by common parameter. */
export interface HeldSigns {
  readonly masking: SignMasking;
  readonly bits: readonly Uint32Array[];
}

export interface HeldMove {
  /** Where each task moves by itself, or signs are masked: squared norm of the common parameters' step, for a rate of 1. */
  readonly square?: number;
  /** Where it was asked for, what tells each task's part. */
  readonly parts?: HeldParts;
}

/**
 * Gradients and moves of a step that has moved the parameters, or accumulators that tell of moves, as far as its parts are told of them.
 * Valid until the pass is disposed of, and within the tensor scope of the motion.
 */
export interface HeldParts {
  /** In which they are to be computed with. */
  readonly precision: Precision;
  /** Shows what there is of a common parameter, by its index. It is gone when `see` returns. */
  show(index: number, see: (gradients: GradientRows, moves: HeldAccumulators | KnownMoves) => void): void;
  /**
   * Products of the gradients of a common parameter with each other and with the direction, `(tasks + 1)²`; undefined where the
   * step did not need them.
   */
  products(index: number): Float64Array | undefined;
}

/** What the optimizer remembers of a parameter after a step, as far as the parts of the step depend on it. */
export interface HeldAccumulators {
  readonly slot: Pick<OptimizerSlot, "pace">;
  /** The rule's accumulators of squares; undefined where it keeps none. */
  readonly square: Float32Array | undefined;
}

export interface HeldSum {
  readonly common: number;
  readonly owned: readonly number[];
}

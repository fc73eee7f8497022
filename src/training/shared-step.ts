import type { PaceRule } from "./optimizers/pace-rule.ts";

/** A common parameter's step, which every task has a part in. */
export interface SharedStep {
  readonly gradients: GradientRows;
  readonly moves: AttributedMoves | KnownMoves;
  readonly precision: Precision;
  /** Whether products of the gradients are asked for. */
  readonly asksProducts: boolean;
}

/** What each task moved where all move through the same accumulators: its weight times the pace times its gradient. */
export interface AttributedMoves {
  /** By task. */
  readonly weights: readonly number[];
  readonly pace: PaceRule;
  /** The rule's accumulators of squares after the step, where it keeps some. */
  readonly square: Float32Array | undefined;
}

/** What each task moved where that is known of the step itself, with either sign. */
export interface KnownMoves {
  /** As in `GradientRows`. */
  read(task: number, start: number, count: number): Float32Array;
}

/** The gradients of all tasks for one parameter, wherever they are. */
export interface GradientRows {
  /** Elements of one gradient that lie together; the last of them may be fewer. */
  readonly length: number;
  /** Some elements of one task's gradient, which lie together; to be read at once. */
  read(task: number, start: number, count: number): Float32Array;
  /** The same of the direction, which is Σ w_i g_i where moves are attributed; left out where it is nowhere as a whole. */
  readDirection?(start: number, count: number): Float32Array;
}

/** `double` gives the bits of `Dominance.observe` and `countShares`; `single` is faster, and differs from them by rounding. */
export type Precision = "double" | "single";

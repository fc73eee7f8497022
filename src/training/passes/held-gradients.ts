/**
 * The gradients of a pass for all parameters, left where they were computed, for a step that needs no more of them than products or their
 * sum. What asks for more asks the pass for its way back; both may be asked.
 */
export interface HeldGradients {
  /** What each loss gives the common parameters, as products, and what it gives those that it alone reaches, as squared norms. */
  products(): HeldProducts;
  /** Computes Σ w_i g_i of the common parameters; its squared norm, and squared norms as with `products`. */
  sum(weights: readonly number[]): HeldSum;
  /**
   * Moves all parameters by the optimizer's step: common ones along the sum that was computed, or along Σ w_i g_i where products were asked
   * for; each other one along its gradient times its loss's weight in `ownedWeights`. False, with nothing changed, where it cannot.
   */
  move(weights: readonly number[], ownedWeights: readonly number[], rate: number): boolean;
  /** Tells that such a step could not be made of these, so that it is not tried for ever. */
  giveUp(): void;
}

export interface HeldProducts {
  /** `J Jᵀ`, rounded to single precision in parts. */
  readonly gram: readonly (readonly number[])[];
  readonly owned: readonly number[];
}

export interface HeldSum {
  readonly common: number;
  readonly owned: readonly number[];
}

/**
 * The coefficients of optimizers, one definition for all backends: what an experiment says (β1, β2, ρ, μ) is rounded to
 * single precision once, and all that follows from it is computed in double precision from the rounded number. Where a backend
 * computes in single precision, 1−β2 would otherwise be off by 5e-5 of itself, and with it every step.
 */

/** How much of an accumulator is kept in a step, and how much the new gradient brings: β and 1−β. */
export interface Shares {
  readonly kept: number;
  readonly fresh: number;
}

export function sharesOf(beta: number): Shares {
  const kept = Math.fround(beta);
  return { kept, fresh: 1 - kept };
}

/** 1 / (1−βᵗ): what makes up for an accumulator that started from 0, after `count` steps. */
export function startCorrection({ kept }: Shares, count: number): number {
  return 1 / (1 - kept ** count);
}

import { minimiseNonNegative } from "./non-negative.ts";
import { products, type Gram } from "./vectors.ts";

/**
 * Projects the combination `Jᵀ u` on the dual cone `{x : J x ≥ 0}` of the gradients: the v that minimises vᵀGv with v ≥ u.
 * At the solution `v − u ≥ 0`, `Gv ≥ 0` and `(v − u)ᵀGv = 0`.
 */
export function projectOnDualCone(
  gram: Gram,
  preference: readonly number[],
): { readonly weights: readonly number[]; readonly converged: boolean } {
  const pull = products(gram, preference).map((value) => -value);
  const { weights, converged } = minimiseNonNegative(gram, pull);
  return { weights: weights.map((value, i) => value + (preference[i] ?? 0)), converged };
}

/** The Gram matrix with `share` of its trace added to the diagonal. */
export function regularised(gram: Gram, share: number): Gram {
  if (share === 0) return gram;
  const added = share * gram.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  return gram.map((row, i) => row.map((value, j) => (i === j ? value + added : value)));
}

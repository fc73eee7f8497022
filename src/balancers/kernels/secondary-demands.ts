import { minimiseNonNegative } from "./non-negative.ts";
import { solve } from "./solve.ts";
import { correlationOf, dot, lengthsOf, products, restrict, spread, type Gram } from "./vectors.ts";

export interface DemandedDirection {
  /** Factors of the rows; the first one's is 1. */
  readonly weights: readonly number[];
  /** `infeasible`: no direction meets all demands; the weights are those of the first row alone. */
  readonly status: "ok" | "infeasible" | "not-converged";
}

/**
 * The direction nearest to the first of K rows with `g_j·d ≥ τ_j ‖g_j‖²` for all others: `d = g_1 + Σ λ_j g_j` with λ ≥ 0, where the demands
 * hold, with equality where λ_j > 0. Rows may depend on each other. Solved in unit rows as a least-distance problem.
 */
export function projectOnDemands(gram: Gram, shares: readonly number[]): DemandedDirection {
  const [first = []] = gram;
  const others = gram.slice(1).map((row) => row.slice(1));
  const lengths = lengthsOf(others);
  const kept = lengths.flatMap((length, j) => (length > 0 ? [j] : []));
  const unit = correlationOf(restrict(others, kept), restrictedTo(kept, lengths));
  const demands = kept.map((j) => (shares[j + 1] ?? 0) * (lengths[j] ?? 0));
  const missing = kept.map((j, i) => (demands[i] ?? 0) - (first[j + 1] ?? 0) / (lengths[j] ?? 1));
  const weightsFrom = (multipliers: readonly number[]) => [
    1,
    ...spread(
      multipliers.map((value, i) => value / (lengths[kept[i] ?? 0] ?? 1)),
      kept,
      others.length,
    ),
  ];
  if (shortest(unit, demands) === undefined) return { weights: weightsFrom(kept.map(() => 0)), status: "infeasible" };
  const found = shortest(unit, missing);
  if (found === undefined) return { weights: weightsFrom(kept.map(() => 0)), status: "not-converged" };
  const multipliers = polished(unit, missing, found.multipliers);
  const size = Math.max(Math.sqrt(first[0] ?? 0), ...demands) + multipliers.reduce((sum, value) => sum + value, 0);
  const met = products(unit, multipliers).every((value, i) => (missing[i] ?? 0) - value <= 1e-8 * size);
  return { weights: weightsFrom(multipliers), status: found.converged && met ? "ok" : "not-converged" };
}

/**
 * The shortest x = Σ λ_j u_j with `u_j·x ≥ h_j` for unit rows u, λ ≥ 0; undefined where there is none. Lawson & Hanson (Solving Least Squares
 * Problems, 1974, ch. 23, LDP): the z ≥ 0 of least `‖Σ z_j u_j‖² + (1 − z·h)²`, which is 1 / (1 + ‖x‖²), gives λ = z / (1 − z·h). An x some
 * 3e4 times as long as the largest h is none: that is what rounding of single-precision gradients makes of opposite rows.
 */
function shortest(
  unit: Gram,
  heights: readonly number[],
): { readonly multipliers: readonly number[]; readonly converged: boolean } | undefined {
  const largest = Math.max(0, ...heights);
  if (largest === 0) return { multipliers: heights.map(() => 0), converged: true };
  const h = heights.map((height) => height / largest);
  const { weights, converged } = minimiseNonNegative(
    unit.map((row, i) => row.map((value, j) => value + (h[i] ?? 0) * (h[j] ?? 0))),
    h,
  );
  const rest = 1 - dot(weights, h);
  return rest <= 1e-9 ? undefined : { multipliers: weights.map((weight) => (weight * largest) / rest), converged };
}

/** The same active rows, solved without the digits that 1 − z·h has lost; as they were where that does not hold. */
function polished(unit: Gram, heights: readonly number[], multipliers: readonly number[]): readonly number[] {
  const active = multipliers.flatMap((value, j) => (value > 0 ? [j] : []));
  const exact = solve(restrict(unit, active), restrictedTo(active, heights));
  return exact.every((value) => value >= 0) ? spread(exact, active, multipliers.length) : multipliers;
}

function restrictedTo(places: readonly number[], values: readonly number[]): number[] {
  return places.map((place) => values[place] ?? 0);
}

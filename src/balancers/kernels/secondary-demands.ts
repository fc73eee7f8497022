import { minimiseNonNegative } from "./non-negative.ts";
import { correlationOf, lengthsOf, products, type Gram } from "./vectors.ts";

export interface DemandedDirection {
  /** Factors of the rows; the first one's is 1. */
  readonly weights: readonly number[];
  /** `infeasible`: no direction meets all demands; the weights are those of the first row alone. */
  readonly status: "ok" | "infeasible" | "not-converged";
}

/**
 * The direction nearest to the first of K rows with `g_j·d ≥ τ_j ‖g_j‖²` for all others: `d = g_1 + Σ λ_j g_j`, where λ ≥ 0 minimises
 * `½ λᵀGλ − bᵀλ` over the others with `b_j = τ_j G_jj − G_1j`. At the solution λ ≥ 0, the demands hold, and with equality where λ_j > 0.
 */
export function projectOnDemands(gram: Gram, shares: readonly number[]): DemandedDirection {
  const [first = []] = gram;
  const alone = gram.map((_, i) => (i === 0 ? 1 : 0));
  const others = gram.slice(1).map((row) => row.slice(1));
  const demands = others.map((row, j) => (shares[j + 1] ?? 0) * (row[j] ?? 0));
  if (contradictory(others, demands)) return { weights: alone, status: "infeasible" };
  const missing = demands.map((demand, j) => demand - (first[j + 1] ?? 0));
  const { weights, converged } = minimiseNonNegative(others, missing);
  const lengths = lengthsOf(others);
  const short = products(others, weights).some((value, j) => {
    const size = (lengths[j] ?? 0) * Math.max(Math.sqrt(first[0] ?? 0), ...lengths);
    return (missing[j] ?? 0) - value > 1e-8 * size;
  });
  return { weights: [1, ...weights], status: converged && !short ? "ok" : "not-converged" };
}

/**
 * Whether no direction meets all demands `g_j·d ≥ r_j`. By Farkas' lemma: some z ≥ 0 with `Σ z_j g_j = 0` and `z·r > 0`. The least of
 * `‖Σ z_j u_j‖² + (1 − z·r)²` over z ≥ 0, with unit rows u and the largest r being 1, is 1 / (1 + ρ²), where ρ is the length of the shortest
 * direction that meets them; one some 3e4 times as long as a demand is what rounding of single-precision gradients makes of opposite rows.
 */
function contradictory(gram: Gram, demands: readonly number[]): boolean {
  const lengths = lengthsOf(gram);
  const relative = demands.map((demand, j) => ((lengths[j] ?? 0) > 0 ? demand / (lengths[j] ?? 1) : 0));
  const largest = Math.max(0, ...relative);
  if (largest === 0) return false;
  const r = relative.map((demand) => demand / largest);
  const unit = correlationOf(gram, lengths);
  const { weights } = minimiseNonNegative(
    unit.map((row, i) => row.map((value, j) => value + (r[i] ?? 0) * (r[j] ?? 0))),
    r,
  );
  return 1 - weights.reduce((sum, weight, j) => sum + weight * (r[j] ?? 0), 0) <= 1e-9;
}

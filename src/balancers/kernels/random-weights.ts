import { softmax } from "./softmax.ts";

export type WeightDistribution = "normal" | "dirichlet" | "uniform" | "bernoulli" | "constrained-bernoulli";

/** Where the draws come from; a `RandomStream` is one. */
export interface Draws {
  uniform(): number;
  normal(): number;
  below(bound: number): number;
}

/**
 * `count` random weights that sum to 1: softmax of standard normal or of uniform draws, a point of the simplex from Dir(α),
 * independent coins (thrown anew while all show 0), or one task alone.
 */
export function randomWeights(distribution: WeightDistribution, alpha: number, count: number, draws: Draws): number[] {
  const each = (draw: () => number) => Array.from({ length: count }, draw);
  switch (distribution) {
    case "normal":
      return softmax(each(() => draws.normal()));
    case "uniform":
      return softmax(each(() => draws.uniform()));
    case "dirichlet":
      return softmax(each(() => logGamma(alpha, draws)));
    case "bernoulli":
      return coins(each, draws);
    case "constrained-bernoulli": {
      const chosen = draws.below(count);
      return Array.from({ length: count }, (_, i) => (i === chosen ? 1 : 0));
    }
  }
}

function coins(each: (draw: () => number) => number[], draws: Draws): number[] {
  for (;;) {
    const shown = each(() => draws.below(2));
    const ones = shown.reduce((sum, coin) => sum + coin, 0);
    if (ones > 0) return shown.map((coin) => coin / ones);
  }
}

/**
 * Logarithm of a draw from Gamma(α, 1) (Marsaglia & Tsang, 2000; below α = 1 by Gamma(α + 1) · U^(1/α)). The logarithm, because for
 * small α the draw itself is often less than the least number there is.
 */
function logGamma(alpha: number, draws: Draws): number {
  if (alpha < 1) return logGamma(alpha + 1, draws) + Math.log(1 - draws.uniform()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = draws.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - draws.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

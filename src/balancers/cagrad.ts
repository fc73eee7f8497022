import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { minimiseTradeOff } from "./kernels/trade-off.ts";
import { squaredNorm } from "./kernels/vectors.ts";

/**
 * CAGrad (Liu et al., NeurIPS 2021, arXiv 2110.14048): the direction in a ball around the mean gradient that helps the
 * worst-off task most,
 *
 *   w* = argmin over the simplex of  g_w·g_0 + c ‖g_0‖ ‖g_w‖,   d = g_0 + c ‖g_0‖ / ‖g_w*‖ · g_w*
 *
 * `rescale` divides by 1 + c² (`square`, the authors' benchmarks) or 1 + c (`linear`). c = 0 is the mean gradient. Needs the
 * Gram matrix. Degenerate where g_w* = 0: direction 0, "stationary". With one task: its gradient.
 */
export const cagrad = defineBalancer({
  id: "cagrad",
  title: "CAGrad",
  summary: "Stays near the mean gradient, and within that helps the worst-off task most.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Liu, Liu, Jin, Stone, Liu",
      title: "Conflict-Averse Gradient Descent for Multi-task Learning",
      venue: "NeurIPS",
      year: 2021,
      arxiv: "2110.14048",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  properties: {
    nonConflicting: "no",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "no",
    orderFree: "yes",
    note: "From c = 1 on it hurts no task; with c = 0 it is the mean gradient.",
  },
  options: z.object({
    c: z.number().min(0).max(100).default(0.4).describe("Radius of the ball around the mean gradient, relative to its length."),
    rescale: z.enum(["none", "square", "linear"]).default("square").describe("Divide the direction by 1, 1 + c² or 1 + c."),
  }),
  start: () => ({}),
  weigh(input, state, { c, rescale }) {
    const gram = gramOf(input);
    const even = gram.map(() => 1 / gram.length);
    if (gram.length === 1) return { weights: even, status: "ok", state };
    const meanNorm = Math.sqrt(squaredNorm(gram, even));
    const longest = Math.sqrt(Math.max(...gram.map((row, i) => row[i] ?? 0)));
    const divisor = { none: 1, square: 1 + c * c, linear: 1 + c }[rescale];
    // The mean is 0, as far as rounding of its terms can tell: no ball to search in.
    if (meanNorm <= 1e-12 * longest) return { weights: even.map((weight) => weight / divisor), status: "stationary", state };
    if (c === 0) return { weights: even, status: "ok", state };
    const { weights, norm, converged } = minimiseTradeOff(gram, c * meanNorm);
    if (norm === 0) return { weights: even.map(() => 0), status: "stationary", state };
    const factor = (c * meanNorm) / norm;
    return {
      weights: weights.map((weight, i) => ((even[i] ?? 0) + factor * weight) / divisor),
      status: converged ? "ok" : "not-converged",
      state,
    };
  },
});

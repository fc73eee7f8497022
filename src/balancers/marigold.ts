import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { projectOnSimplex, sharesOf } from "./kernels/simplex.ts";

/**
 * MARIGOLD (Chen et al., arXiv 2603.07389), reconstructed: MGDA's weights without any task's own gradient. The outer objective is
 * f(w) = ½ ‖Σ w_i g_i‖², whose slopes g_j·d are measured by evaluating the batch again beside θ,
 *
 *   d = Σ w_i g_i (one backward pass),   ζ_j = (L_j(θ + δ d) − L_j(θ − δ d)) / 2δ   or   (L_j(θ + δ d) − L_j(θ)) / δ
 *   w ← proj(w − η ζ) onto the simplex
 *
 * with δ = μ ‖θ‖ / ‖d‖. The central difference is exact for quadratic losses; the forward one is off by (δ/2) d·H_j d. Where d = 0, or a
 * ζ is not finite, the weights stay. An absent task keeps its weight. With one task: its gradient.
 */
export const marigold = defineBalancer({
  id: "marigold",
  title: "MARIGOLD",
  summary: "Learns MGDA's weights from how the losses change along the step, with one backward pass for all tasks.",
  family: "schedule",
  needs: "losses",
  action: "combine-gradients",
  papers: [{ authors: "Chen et al.", title: "Feed m Birds with One Scone", venue: "arXiv", year: 2026, arxiv: "2603.07389" }],
  provenance: "reconstructed",
  known:
    "Known is the abstract: gradient balancing as a bi-level problem, its outer part solved by zeroth-order estimates. The outer objective (MGDA's), the finite differences and the projected step are filled in.",
  settledBy: "The paper's algorithm in full, or the authors' code.",
  cost: { backward: "1", forward: "2–3", memory: "n" },
  properties: { nonConflicting: "no", scaleFree: "no", sumWithoutConflict: "no", orderFree: "yes" },
  options: z.object({
    mu: z
      .number()
      .gte(1e-6)
      .max(0.1)
      .default(1e-3)
      .describe("How far to look, relative to the length of the shared parameters; 1e-4 to 1e-2 is usual."),
    differences: z
      .enum(["central", "forward"])
      .default("central")
      .describe("Look on both sides (two further forward passes), or ahead only (one)."),
    learningRate: z.number().gt(0).max(1e6).default(0.025).describe("Step size η of the weights."),
    updateEvery: z.int().min(1).max(100000).default(1).describe("Look, and move the weights, at every so many steps only."),
  }),
  start: (_, { tasks }) => ({ w: new Array<number>(tasks).fill(1 / tasks) }),
  demand: ({ step }, _, { updateEvery }) => ({ needs: "losses", look: step % updateEvery === 0 }),
  look: ({ mu, differences }) => ({ kind: "along-direction", offsets: differences === "central" ? [mu, -mu] : [mu] }),
  weigh: ({ tasks }, state) => ({ weights: sharesOf(state["w"] ?? [], tasks).shares, status: "ok", state }),
  learn({ tasks, losses, looks: [ahead = [], behind = losses], distances: [there = 0, back = 0] }, state, { learningRate }) {
    const slopes = ahead.map((loss, i) => (loss - (behind[i] ?? 0)) / (there - back));
    if (!slopes.every(Number.isFinite)) return state;
    const { shares, with: wWith } = sharesOf(state["w"] ?? [], tasks);
    return { w: wWith(projectOnSimplex(shares.map((share, i) => share - learningRate * (slopes[i] ?? 0)))) };
  },
});

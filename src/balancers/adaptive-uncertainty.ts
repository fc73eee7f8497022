import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { adamStart, adamStep } from "./kernels/adam.ts";

/**
 * Automatic weighted loss (Liebel & Körner, "Auxiliary Tasks in Multi-task Learning", 2018, arXiv 1805.06334): uncertainty weighting whose penalty keeps the
 * objective above zero,
 *
 *   minimise  Σ L_i / (2 σ_i²) + ln(1 + σ_i²),   weight 1 / (2 σ_i²),   ∂/∂σ_i = −L_i / σ_i³ + 2 σ_i / (1 + σ_i²)
 *
 * The σ_i have an Adam of their own; |σ_i| stays ≥ 1e-3, because a loss of 0 would drive it to 0. An absent task keeps its σ_i.
 */
export const adaptiveUncertainty = defineBalancer({
  id: "adaptive-uncertainty",
  title: "Automatic weighted loss",
  summary: "Uncertainty weighting whose total loss can never become negative.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  positiveLosses: true,
  papers: [{ authors: "Liebel, Körner", title: "Auxiliary Tasks in Multi-task Learning", venue: "arXiv", year: 2018, arxiv: "1805.06334" }],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "3K" },
  options: z.object({
    initial: z.number().gt(0).max(100).default(1).describe("Starting value of every σ."),
    learningRate: z.number().gt(0).max(10).default(0.025).describe("Step size of the σ, trained by an Adam of their own."),
  }),
  start: ({ initial }, { tasks }) => ({ sigma: new Array<number>(tasks).fill(initial), ...adamStart(tasks) }),
  weigh({ tasks, losses }, state, { learningRate }) {
    const { sigma = [], mean = [], square = [], count = [] } = state;
    const own = tasks.map((task) => sigma[task] ?? 1);
    const gradients = own.map((s, position) => -(losses[position] ?? 0) / s ** 3 + (2 * s) / (1 + s * s));
    const stepped = adamStep(sigma, { mean, square, count }, tasks, gradients, learningRate);
    const bounded = stepped.values.map((value) => Math.max(1e-3, value));
    return { weights: own.map((s) => 0.5 / (s * s)), status: "ok", state: { sigma: bounded, ...stepped.state } };
  },
});

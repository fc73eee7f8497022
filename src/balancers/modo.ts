import { z } from "zod";
import { crossGramOf, defineBalancer } from "./balancer.ts";
import { projectOnSimplex, sharesOf } from "./kernels/simplex.ts";
import { products } from "./kernels/vectors.ts";

/**
 * MoDo (Chen, Fernando, Ying, Chen, NeurIPS 2023, arXiv 2305.20057): MGDA's weights by stochastic gradient steps, with the Jacobians J₁, J₂
 * of two independent batches, so that their product is no biased guess of `J Jᵀ`,
 *
 *   λ ← proj(λ − γ (J₁ J₂ᵀ λ + ρ λ)) onto the simplex,   d = Jᵀ λ
 *
 * One step of λ for each step of the model. Weights of 0 come back as soon as the other gradients turn against theirs. An absent task
 * keeps its weight; a task without a label in either batch counts as absent. With one task: its gradient.
 */
export const modo = defineBalancer({
  id: "modo",
  title: "MoDo",
  summary: "Learns MGDA's weights from two further batches a step, which keeps noise from biasing them.",
  family: "gradients",
  needs: "gram",
  action: "combine-gradients",
  draws: 2,
  papers: [
    {
      authors: "Chen, Fernando, Ying, Chen",
      title: "Three-Way Trade-Off in Multi-Objective Learning: Optimization, Generalization and Conflict-Avoidance",
      venue: "NeurIPS",
      year: 2023,
      arxiv: "2305.20057",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "3K", forward: "3", memory: "3K·n" },
  properties: { nonConflicting: "no", scaleFree: "no", sumWithoutConflict: "no", orderFree: "yes" },
  options: z.object({
    gamma: z.number().gt(0).max(1e6).default(0.001).describe("Step size of the weights; LibMTL 0.001, TorchJD 0.1."),
    rho: z.number().min(0).max(1e6).default(0.1).describe("Pull of the weights towards being equal."),
  }),
  start: (_, { tasks }) => ({ lambda: new Array<number>(tasks).fill(1 / tasks) }),
  weigh(input, state, { gamma, rho }) {
    const { shares, with: lambdaWith } = sharesOf(state["lambda"] ?? [], input.tasks);
    const slopes = products(crossGramOf(input), shares);
    const weights = projectOnSimplex(shares.map((share, i) => share - gamma * ((slopes[i] ?? 0) + rho * share)));
    return { weights, status: "ok", state: { lambda: lambdaWith(weights) } };
  },
});

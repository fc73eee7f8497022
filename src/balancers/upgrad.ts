import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { projectOnDualCone } from "./kernels/dual-cone.ts";

/**
 * UPGrad (Quinton & Rey, "Jacobian Descent for Multi-Objective Optimization", arXiv 2406.16232): projects every task's gradient on the dual cone
 * of all of them, where no task is hurt, and takes the mean: `w = Σ_i v_i`, `v_i = argmin vᵀGv, v ≥ e_i / K`.
 *
 * Linear in each gradient's scale, never in conflict, the mean gradient where there is none. Needs the Gram matrix; no
 * regularisation is added, because the solver is exact.
 */
export const upgrad = defineBalancer({
  id: "upgrad",
  title: "UPGrad",
  summary: "Projects each task's gradient to where it hurts no task, and averages the projections.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Quinton, Rey",
      title: "Jacobian Descent for Multi-Objective Optimization",
      venue: "arXiv",
      year: 2024,
      arxiv: "2406.16232",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  options: z.object({}),
  start: () => ({}),
  weigh(input, state) {
    const gram = gramOf(input);
    const parts = gram.map((_, i) =>
      projectOnDualCone(
        gram,
        gram.map((__, j) => (i === j ? 1 / gram.length : 0)),
      ),
    );
    const weights = gram.map((_, j) => parts.reduce((sum, part) => sum + (part.weights[j] ?? 0), 0));
    return { weights, status: parts.every(({ converged }) => converged) ? "ok" : "not-converged", state };
  },
});

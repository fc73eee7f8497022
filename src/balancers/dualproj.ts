import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { projectOnDualCone } from "./kernels/dual-cone.ts";

/**
 * DualProj: the mean gradient, projected on the dual cone of the task gradients, so that it hurts no task; as gradient episodic
 * memory does (Lopez-Paz & Ranzato, NeurIPS 2017, arXiv 1706.08840): `v = argmin vᵀGv, v ≥ 1/K`. The mean itself where nothing conflicts.
 * Needs the Gram matrix.
 */
export const dualproj = defineBalancer({
  id: "dualproj",
  title: "DualProj",
  summary: "Moves the mean gradient as little as needed so that it hurts no task.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Lopez-Paz, Ranzato",
      title: "Gradient Episodic Memory for Continual Learning",
      venue: "NeurIPS",
      year: 2017,
      arxiv: "1706.08840",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  options: z.object({}),
  start: () => ({}),
  weigh(input, state) {
    const gram = gramOf(input);
    const { weights, converged } = projectOnDualCone(
      gram,
      gram.map(() => 1 / gram.length),
    );
    return { weights, status: converged ? "ok" : "not-converged", state };
  },
});

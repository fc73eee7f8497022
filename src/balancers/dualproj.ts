import { defineBalancer, gramOf } from "./balancer.ts";
import { projectOnDualCone, regularised } from "./kernels/dual-cone.ts";
import { listed, listRefusal } from "./kernels/per-task.ts";
import { dualConeOptions } from "./upgrad.ts";

/**
 * DualProj: the mean gradient, projected on the dual cone of the task gradients, so that it hurts no task; as gradient episodic
 * memory does (Lopez-Paz & Ranzato, NeurIPS 2017, arXiv 1706.08840): `v = argmin vᵀGv, v ≥ p`, p = 1/K or
 * `preference`. The mean itself where nothing conflicts. Needs the Gram matrix; `regularization` as in UPGrad.
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
  properties: { nonConflicting: "yes", scaleFree: "no", length: 1, sumWithoutConflict: "yes", orderFree: "yes" },
  options: dualConeOptions,
  start: () => ({}),
  objection: ({ preference }, names) => listRefusal("preference", preference, names),
  weigh(input, state, { preference, regularization }) {
    const gram = regularised(gramOf(input), regularization);
    const { weights, converged } = projectOnDualCone(gram, listed(preference, input.tasks, 1 / gram.length));
    return { weights, status: converged ? "ok" : "not-converged", state };
  },
});

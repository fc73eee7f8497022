import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { projectOnDualCone, regularised } from "./kernels/dual-cone.ts";
import { listed, listRefusal } from "./kernels/per-task.ts";

/** What the methods that project on the dual cone let one choose. */
export const dualConeOptions = z.object({
  preference: z
    .array(z.number().min(0))
    .optional()
    .describe("Factors of the tasks' gradients, one number a task, in the order of the tasks; 1/K each where left out."),
  regularization: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Added to the diagonal of the Gram matrix, relative to its trace; other libraries need 1e-4 for their solver."),
});

/**
 * UPGrad (Quinton & Rey, "Jacobian Descent for Multi-Objective Optimization", arXiv 2406.16232): projects every task's gradient on the dual cone
 * of all of them, where no task is hurt, and takes the mean: `w = Σ_i v_i`, `v_i = argmin vᵀGv, v ≥ p_i e_i`, p = 1/K or `preference`.
 *
 * Linear in each gradient's scale, never in conflict, the (preferred) mean gradient where there is none. Needs the Gram matrix. The solver
 * is exact and needs no `regularization`; with some, the direction can hurt a task by a little.
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
  properties: { nonConflicting: "yes", scaleFree: "no", length: 1, sumWithoutConflict: "yes", orderFree: "yes" },
  options: dualConeOptions,
  start: () => ({}),
  objection: ({ preference }, names) => listRefusal("preference", preference, names),
  weigh(input, state, { preference, regularization }) {
    const gram = regularised(gramOf(input), regularization);
    const wanted = listed(preference, input.tasks, 1 / gram.length);
    const parts = gram.map((_, i) =>
      projectOnDualCone(
        gram,
        gram.map((__, j) => (i === j ? (wanted[i] ?? 0) : 0)),
      ),
    );
    const weights = gram.map((_, j) => parts.reduce((sum, part) => sum + (part.weights[j] ?? 0), 0));
    return { weights, status: parts.every(({ converged }) => converged) ? "ok" : "not-converged", state };
  },
});

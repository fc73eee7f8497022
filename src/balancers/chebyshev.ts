import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { listed, listRefusal, preferenceOf } from "./kernels/per-task.ts";

/**
 * Weighted Chebyshev scalarisation (Bowman, 1976; with ρ Steuer & Choo's augmented form, 1983): the worst task alone is improved,
 *
 *   minimise  max_i λ_i (L_i − z_i) + ρ Σ λ_i (L_i − z_i),   weight  λ_i ([i is the worst] + ρ)
 *
 * λ = `preference` with sum 1, z = `ideal`. Tasks that are equally bad share the 1. With one task: 1 + ρ. No state. `stch` is its smooth form.
 */
export const chebyshev = defineBalancer({
  id: "chebyshev",
  title: "Chebyshev",
  summary: "Trains the task that is worst at the moment, and it alone.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Bowman",
      title: "On the Relationship of the Tchebycheff Norm and the Efficient Frontier of Multiple-Criteria Objectives",
      venue: "Multiple Criteria Decision Making, Springer",
      year: 1976,
    },
  ],
  provenance: "paper",
  cost: { backward: "1", forward: "1", memory: "0" },
  options: z.object({
    preference: z
      .array(z.number().gt(0))
      .optional()
      .describe("Factors λ of the losses, in the order of the tasks, brought to the sum 1; equal where left out."),
    ideal: z
      .array(z.number())
      .optional()
      .describe("The ideal point: the least loss of each task, in the order of the tasks; 0 where left out."),
    rho: z
      .number()
      .min(0)
      .max(1000)
      .default(0)
      .describe("Share of the weighted sum that is added, so that the other tasks count a little."),
  }),
  start: () => ({}),
  objection: ({ preference, ideal }, names) => listRefusal("preference", preference, names) ?? listRefusal("ideal", ideal, names),
  weigh({ tasks, losses }, state, { preference, ideal, rho }, { tasks: all }) {
    const shares = preferenceOf(preference, tasks, all);
    const lowest = listed(ideal, tasks, 0);
    const regrets = losses.map((loss, i) => (shares[i] ?? 0) * (loss - (lowest[i] ?? 0)));
    const worst = Math.max(...regrets);
    const equallyBad = regrets.filter((regret) => regret === worst).length;
    const weights = shares.map((share, i) => share * ((regrets[i] === worst ? 1 / equallyBad : 0) + rho));
    return { weights, status: "ok", state };
  },
});

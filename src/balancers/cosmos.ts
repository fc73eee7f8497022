import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { listRefusal, preferenceOf } from "./kernels/per-task.ts";

/**
 * COSMOS (Ruchte, Grabocka, ICDM 2021, arXiv 2103.13765) for one preference r: a weighted sum that is drawn to where the losses
 * stand in the proportions of r,
 *
 *   minimise  Σ r_i L_i − λ cos(r, L),   weight  r_i − λ (r_i / (‖r‖ ‖L‖) − cos(r, L) L_i / ‖L‖²)
 *
 * A weight can be negative where λ is large. Where all losses are 0 there is no angle, and the weights are r. With one task cos = 1,
 * weight 1. No state.
 */
export const cosmos = defineBalancer({
  id: "cosmos",
  title: "COSMOS",
  summary: "A weighted sum with a pull towards losses in the proportions of a preference; weights can be negative.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Ruchte, Grabocka",
      title: "Scalable Pareto Front Approximation for Deep Multi-Objective Learning",
      venue: "ICDM",
      year: 2021,
      arxiv: "2103.13765",
    },
  ],
  provenance: "paper",
  cost: { backward: "1", forward: "1", memory: "0" },
  options: z.object({
    preference: z
      .array(z.number().gt(0))
      .optional()
      .describe("How much each task matters, in the order of the tasks, brought to the sum 1; equal where left out."),
    lambda: z.number().min(0).max(1000).default(1).describe("Strength of the pull; 0: the weighted sum alone."),
  }),
  start: () => ({}),
  objection: ({ preference }, names) => listRefusal("preference", preference, names),
  weigh({ tasks, losses }, state, { preference, lambda }, { tasks: all }) {
    const shares = preferenceOf(preference, tasks, all);
    const [size, length] = [Math.hypot(...losses), Math.hypot(...shares)];
    if (size === 0) return { weights: shares, status: "ok", state };
    const cosine = losses.reduce((sum, loss, i) => sum + (loss / size) * ((shares[i] ?? 0) / length), 0);
    const weights = shares.map((share, i) => share - (lambda * (share / length - (cosine * (losses[i] ?? 0)) / size)) / size);
    return { weights, status: "ok", state };
  },
});

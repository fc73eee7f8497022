import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { listed, listRefusal, preferenceOf } from "./kernels/per-task.ts";

/**
 * Penalty-based boundary intersection (Zhang, Li, "MOEA/D", IEEE TEVC 2007): how far the losses have come along the ray from the ideal
 * point z in the direction r, plus a penalty for their distance from it. With u = r / ‖r‖,
 *
 *   minimise  d₁ + θ d₂,   d₁ = (L − z)·u,   d₂ = ‖L − z − d₁ u‖;   weight  u_i + θ (L − z − d₁ u)_i / d₂
 *
 * A weight is negative for a task that is far ahead of the ray. On the ray itself the penalty counts for nothing (its subgradient 0).
 * With one task: weight 1. No state.
 */
export const pbi = defineBalancer({
  id: "pbi",
  title: "Penalty-based boundary intersection",
  summary: "Follows a ray through the space of losses, and pays for leaving it; weights can be negative.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Zhang, Li",
      title: "MOEA/D: A Multiobjective Evolutionary Algorithm Based on Decomposition",
      venue: "IEEE Transactions on Evolutionary Computation",
      year: 2007,
    },
  ],
  provenance: "paper",
  cost: { backward: "1", forward: "1", memory: "0" },
  options: z.object({
    preference: z
      .array(z.number().gt(0))
      .optional()
      .describe("Direction of the ray, one number a task, in the order of the tasks; equal where left out."),
    ideal: z
      .array(z.number())
      .optional()
      .describe("The ideal point: the least loss of each task, in the order of the tasks; 0 where left out."),
    theta: z.number().min(0).max(1000).default(5).describe("Price of the distance from the ray."),
  }),
  start: () => ({}),
  objection: ({ preference, ideal }, names) => listRefusal("preference", preference, names) ?? listRefusal("ideal", ideal, names),
  weigh({ tasks, losses }, state, { preference, ideal, theta }, { tasks: all }) {
    const shares = preferenceOf(preference, tasks, all);
    const length = Math.hypot(...shares);
    const ray = shares.map((share) => share / length);
    const lowest = listed(ideal, tasks, 0);
    const away = losses.map((loss, i) => loss - (lowest[i] ?? 0));
    const along = away.reduce((sum, value, i) => sum + value * (ray[i] ?? 0), 0);
    const beside = away.map((value, i) => value - along * (ray[i] ?? 0));
    const distance = Math.hypot(...beside);
    // What is left of losses on the ray is rounding, and has no direction.
    const onRay = distance <= 1e-12 * Math.hypot(...away);
    const weights = ray.map((value, i) => value + (onRay ? 0 : (theta * (beside[i] ?? 0)) / distance));
    return { weights, status: "ok", state };
  },
});

import { z } from "zod";
import { defineBalancer, performanceOf } from "./balancer.ts";

/**
 * Dynamic task prioritisation (Guo, Haque, Huang, Yeung, Fei-Fei, ECCV 2018): the harder a task still is, the more it counts. With
 * κ_i in [0, 1] how well a task does on the batch and its moving average κ̄_i,
 *
 *   w_i = −(1 − κ̄_i)^γ ln κ̄_i,   κ̄_i ← α κ_i + (1 − α) κ̄_i
 *
 * The first κ_i of a task starts its average. κ̄ is kept in [`least`, `most`] where it is used, because 0 would give an infinite weight
 * and 1 none at all. The weights have no fixed sum (`scale: sum` gives one), with one task neither. The paper's focal weights of single
 * examples are left out. An absent task keeps its κ̄.
 */
export const dtp = defineBalancer({
  id: "dtp",
  title: "Dynamic task prioritisation",
  summary: "Gives more weight to tasks that do badly, by what they achieve and not by their loss.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  performance: true,
  papers: [
    {
      authors: "Guo, Haque, Huang, Yeung, Fei-Fei",
      title: "Dynamic Task Prioritization for Multitask Learning",
      venue: "ECCV",
      year: 2018,
    },
  ],
  provenance: "reconstructed",
  known: "The weights are as two secondary sources agree on; how a regression task's achievement is brought to [0, 1] is filled in.",
  settledBy: "The authors' code, which was never published.",
  cost: { backward: "1", forward: "1", memory: "K" },
  options: z.object({
    alpha: z.number().gt(0).max(1).default(0.1).describe("Share of the newest batch in the moving average."),
    gamma: z.number().min(0).max(10).default(1).describe("How strongly tasks that do well are left alone; 0: by the logarithm only."),
    least: z.number().gt(0).lt(0.5).default(0.1).describe("Achievement below which a task counts as doing this well."),
    most: z.number().gt(0.5).lt(1).default(0.99).describe("Achievement above which a task counts as doing this well."),
  }),
  start: (_, { tasks }) => ({ average: new Array<number>(tasks).fill(NaN) }),
  weigh(input, state, { alpha, gamma, least, most }) {
    const achieved = performanceOf(input);
    const average = [...(state["average"] ?? [])];
    const weights = input.tasks.map((task, i) => {
      const now = achieved[i] ?? 0;
      const before = average[task] ?? NaN;
      const mean = Number.isNaN(before) ? now : alpha * now + (1 - alpha) * before;
      average[task] = mean;
      const bounded = Math.min(most, Math.max(least, mean));
      return -((1 - bounded) ** gamma) * Math.log(bounded);
    });
    return { weights, status: "ok", state: { average } };
  },
});

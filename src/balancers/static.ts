import { z } from "zod";
import { defineBalancer } from "./balancer.ts";

/**
 * Constant weights: L = Σ w_i L_i with w_i from each task's `weight` key (1 where there is none). Weights of 0 freeze a
 * head. Tuned by search it is the strong baseline of Xin et al. (NeurIPS 2022). Needs the losses only; no state.
 */
export const staticWeights = defineBalancer({
  id: "static",
  title: "Static weights",
  summary: "Adds the losses up with the constant `weight` of each task.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Royer, Blankevoort, Bejnordi",
      title: "Scalarization for Multi-Task and Multi-Domain Learning at Scale",
      venue: "NeurIPS",
      year: 2023,
      arxiv: "2310.08910",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "0" },
  properties: {
    nonConflicting: "no",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "partly",
    orderFree: "yes",
    note: "It is the sum where all weights are equal.",
  },
  options: z.object({
    normalize: z.boolean().default(false).describe("Rescale the weights of all tasks so that they sum to the number of tasks."),
  }),
  start: () => ({}),
  weigh({ tasks }, state, { normalize }, { taskWeights }) {
    const sum = taskWeights.reduce((total, weight) => total + weight, 0);
    const factor = normalize && sum > 0 ? taskWeights.length / sum : 1;
    return { weights: tasks.map((task) => (taskWeights[task] ?? 1) * factor), status: "ok", state };
  },
});

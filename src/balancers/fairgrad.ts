import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { bargain } from "./nash-mtl.ts";

/**
 * FairGrad (Ban & Ji, ICML 2024, arXiv 2402.15638): α-fair progress of the tasks, `G w = w^(−1/α)`, w > 0. α = 1 is Nash-MTL's balance,
 * α → ∞ max–min fairness. A common scale s of the losses scales d by s^((1−α)/(1+α)). Needs the Gram matrix.
 * Zero rows are left out; where 0 lies in the convex hull: direction 0, "stationary".
 */
export const fairgrad = defineBalancer({
  id: "fairgrad",
  title: "FairGrad",
  summary: "Shares the progress α-fairly between the tasks; α leads from Nash bargaining to max–min fairness.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    { authors: "Ban, Ji", title: "Fair Resource Allocation in Multi-Task Learning", venue: "ICML", year: 2024, arxiv: "2402.15638" },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  properties: {
    nonConflicting: "yes",
    scaleFree: "no",
    length: -1 / 3,
    sumWithoutConflict: "no",
    orderFree: "yes",
    note: "With α = 1 it does not depend on the scale of a task's loss; the power of s is (1 − α) / (1 + α).",
  },
  options: z.object({
    alpha: z.number().gt(0).max(100).default(2).describe("Fairness: 1 is Nash bargaining; larger favours the task that gains least."),
  }),
  start: () => ({}),
  weigh: (input, state, { alpha }) => ({ ...bargain(input, alpha), state }),
});

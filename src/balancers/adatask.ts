import { z } from "zod";
import { defineBalancer } from "./balancer.ts";

/**
 * AdaTask (Yang et al., AAAI 2023, arXiv 2211.15055): every task has its own accumulators of the adaptive optimizer on the
 * common parameters, and θ ← θ − Σ_i Δ_i, or their mean over the present tasks (`reduction`). The scale of a task's loss
 * cancels, so that no task owns a parameter by size alone.
 *
 * Acts in place of the optimizer (`kernels/adatask-update.ts` has the equations); the weights given here multiply the
 * tasks' updates, not their gradients. An absent task leaves its accumulators. With one task it is the plain optimizer.
 */
export const adatask = defineBalancer({
  id: "adatask",
  title: "AdaTask",
  summary: "Gives every task its own optimizer accumulators, so that each moves the shared parameters at its own scale.",
  family: "optimizer",
  needs: "gradients",
  action: "replace-update",
  papers: [
    {
      authors: "Yang, Pan, Wang, Yu, Shen, Chen, Xiao, Jiang, Guo",
      title: "AdaTask: A Task-Aware Adaptive Learning Rate Approach to Multi-Task Learning",
      venue: "AAAI",
      year: 2023,
      arxiv: "2211.15055",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "2K·n" },
  properties: {
    nonConflicting: "no",
    scaleFree: "yes",
    length: 0,
    sumWithoutConflict: "no",
    orderFree: "yes",
    note: "A task's scale cancels where it is constant from the first step on.",
  },
  options: z.object({
    reduction: z
      .enum(["sum", "mean"])
      .default("sum")
      .describe("Sum the tasks' updates, so that a step is up to K times the learning rate, or take their mean."),
  }),
  optimizers: ["adam", "adamw", "rmsprop", "adagrad"],
  start: () => ({}),
  weigh: ({ tasks }, state, { reduction }) => ({
    weights: tasks.map(() => (reduction === "sum" ? 1 : 1 / tasks.length)),
    status: "ok",
    state,
  }),
});

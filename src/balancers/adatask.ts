import { z } from "zod";
import { defineBalancer } from "./balancer.ts";

/**
 * AdaTask (Yang et al., AAAI 2023, arXiv 2211.15055): every task has its own accumulators of the adaptive optimizer on the
 * common parameters, and θ ← θ − Σ_i Δ_i. The scale of a task's loss cancels, so that no task owns a parameter by size alone.
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
  options: z.object({}),
  optimizers: ["adam", "rmsprop", "adagrad"],
  start: () => ({}),
  weigh: ({ tasks }, state) => ({ weights: tasks.map(() => 1), status: "ok", state }),
});

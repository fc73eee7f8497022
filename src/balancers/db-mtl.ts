import { z } from "zod";
import { defineBalancer, gradientsOf } from "./balancer.ts";
import { aboveBounds } from "./kernels/log-losses.ts";
import { movedTowards, rowLength } from "./kernels/rows.ts";
import { meanOf } from "./kernels/buffer-names.ts";

/**
 * DB-MTL (Lin et al., arXiv 2308.12029): balances losses by their logarithms and gradients by their lengths,
 *
 *   h_i = ∇ ln(L_i + 1e-8) = g_i / (L_i + 1e-8),   q_i ← h_i + (β / t^σ) (q_i − h_i),   from q = 0
 *   d = Σ a_i q_i,   a_i = max_j ‖q_j‖ / (‖q_i‖ + 1e-8)
 *
 * so that the scale of a loss cancels. There is no bias correction: with β = 0.9 the first direction is a tenth of what it comes to be.
 * t counts a task's own steps; absent, it keeps q. A zero row gets weight 0. Losses must not be negative. With one task: q itself.
 * Memory: q, one vector a task.
 */
export const dbMtl = defineBalancer({
  id: "db-mtl",
  title: "DB-MTL",
  summary: "Takes logarithms of the losses, smooths their gradients, and makes all as long as the longest.",
  family: "gradients",
  needs: "gradients",
  action: "combine-gradients",
  readsLosses: true,
  positiveLosses: true,
  papers: [
    {
      authors: "Lin, Jiang, Ye, Zhang, Chen, Chen, Liu, Kwok",
      title: "Dual-Balancing for Multi-Task Learning",
      venue: "arXiv",
      year: 2023,
      arxiv: "2308.12029",
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
    note: "A loss's scale cancels while the loss is far above 1e-8.",
  },
  options: z.object({
    beta: z.number().min(0).lt(1).default(0.9).describe("Share of the old moving mean that is kept in a step; 0 keeps none."),
    sigma: z.number().min(0).max(1).default(0).describe("Power of the step by which beta decays."),
  }),
  start: (_, { tasks }) => ({ count: new Array<number>(tasks).fill(0) }),
  weigh(input, state, { beta, sigma }, { names }) {
    const { tasks, buffers = {} } = input;
    const gradients = gradientsOf(input);
    const own = tasks.map((task) => names[task]);
    const losses = aboveBounds(input.losses, [], own, 0);
    const count = [...(state["count"] ?? [])];
    const rows = tasks.map((task, position) => {
      const t = (count[task] ?? 0) + 1;
      count[task] = t;
      const factor = 1 / ((losses[position] ?? 0) + 1e-8);
      return movedTowards(buffers[meanOf(task)], gradients[position] ?? new Float64Array(), 1 - beta * t ** -sigma, factor);
    });
    const lengths = rows.map(rowLength);
    const longest = Math.max(...lengths);
    return {
      weights: lengths.map((length) => (length > 0 ? longest / (length + 1e-8) : 0)),
      rows,
      status: "ok",
      state: { count },
      buffers: { ...buffers, ...Object.fromEntries(tasks.map((task, i) => [meanOf(task), rows[i] ?? new Float64Array()])) },
    };
  },
});

import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { RandomStream } from "./kernels/random-stream.ts";
import { othersInTurn } from "./kernels/task-order.ts";
import { dot } from "./kernels/vectors.ts";

/**
 * PCGrad (Yu et al., NeurIPS 2020, arXiv 2001.06782): each task's gradient loses what is against another task's,
 *
 *   p = g_i;  for j ≠ i in random order:  if p·g_j < 0:  p ← p − (p·g_j / ‖g_j‖²) g_j;   d = Σ p_i
 *
 * always against the unchanged g_j. A task is not compared with itself, as in the paper; several libraries do that too, which changes the
 * answer in some 2 % of cases with three tasks. `order: fixed` goes through the tasks as the file has them, as the authors' code does in
 * effect. Needs the Gram matrix. A zero row takes part in nothing. With more than two tasks the sum can still hurt one of them.
 */
export const pcgrad = defineBalancer({
  id: "pcgrad",
  title: "PCGrad",
  summary: "Takes from each task's gradient what is against another task's, one after the other, and adds up the rest.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Yu, Kumar, Gupta, Levine, Hausman, Finn",
      title: "Gradient Surgery for Multi-Task Learning",
      venue: "NeurIPS",
      year: 2020,
      arxiv: "2001.06782",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  properties: {
    nonConflicting: "partly",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "yes",
    orderFree: "partly",
    note: "Hurts none of two tasks; of three or more it can. The order of more than two tasks does not matter on average only.",
  },
  options: z.object({
    order: z.enum(["random", "fixed"]).default("random").describe("Compare with the other tasks in a new random order, or as in the file."),
    reduction: z.enum(["sum", "mean"]).default("sum").describe("Add up the changed gradients, or take their mean."),
  }),
  start: (_, { seed }) => ({ random: RandomStream.seeded(seed, "pcgrad").save() }),
  weigh(input, state, { order, reduction }) {
    const gram = gramOf(input);
    const stream = RandomStream.from(state["random"] ?? []);
    const weights = new Array<number>(gram.length).fill(0);
    for (let i = 0; i < gram.length; i++) {
      const changed = projected(gram, i, othersInTurn(i, gram.length, order === "random" ? stream : undefined));
      changed.forEach((value, k) => (weights[k] = (weights[k] ?? 0) + (reduction === "mean" ? value / gram.length : value)));
    }
    return { weights, status: "ok", state: { random: stream.save() } };
  },
});

/** Coefficients of the changed gradient of task i: `p·g_j` is the product of row j with them. */
function projected(gram: readonly (readonly number[])[], i: number, others: readonly number[]): readonly number[] {
  const own = gram.map((_, k): number => (k === i ? 1 : 0));
  for (const j of others) {
    const square = gram[j]?.[j] ?? 0;
    const product = dot(gram[j] ?? [], own);
    if (product < 0 && square > 0) own[j] = (own[j] ?? 0) - product / square;
  }
  return own;
}

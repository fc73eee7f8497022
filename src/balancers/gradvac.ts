import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { RandomStream } from "./kernels/random-stream.ts";
import { othersInTurn } from "./kernels/task-order.ts";
import { dot, lengthsOf } from "./kernels/vectors.ts";

/**
 * Gradient vaccine (Wang, Tsvetkov, Firat, Cao, ICLR 2021, arXiv 2010.05874): brings each task's gradient up to the cosine that it usually
 * has with another's, ρ̂_ij, a moving average that starts at 0:
 *
 *   p = g_i;  for j ≠ i in random order, ρ = cos(p, g_j):  if ρ < ρ̂_ij:
 *   p ← p + ‖p‖ (ρ̂ √(1−ρ²) − ρ √(1−ρ̂²)) / (‖g_j‖ √(1−ρ̂²)) · g_j;   then ρ̂_ij ← (1−β) ρ̂_ij + β ρ;   d = Σ p_i
 *
 * One ρ̂ for each ordered pair, over all common parameters together. The first step is PCGrad's. `update: changed` moves ρ̂ only where the
 * gradient was changed, as one library does. ρ̂ stays within ±(1 − 1e-6), where the fraction ends. Needs the Gram matrix. A zero row, or a p
 * of which only rounding is left, takes part in nothing and moves no ρ̂, and neither does an absent task. State: ρ̂ (K×K), the stream of draws.
 */
export const gradvac = defineBalancer({
  id: "gradvac",
  title: "Gradient Vaccine",
  summary: "Brings the gradients of two tasks that conflict more than usual up to their usual cosine.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Wang, Tsvetkov, Firat, Cao",
      title: "Gradient Vaccine: Investigating and Improving Multi-task Optimization in Massively Multilingual Models",
      venue: "ICLR",
      year: 2021,
      arxiv: "2010.05874",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n + K²" },
  properties: {
    nonConflicting: "partly",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "partly",
    orderFree: "partly",
    note: "The first step is PCGrad's: it hurts none of two tasks, and is the sum without a conflict. The order of more than two tasks does not matter on average only.",
  },
  options: z.object({
    beta: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("Share of the newest cosine in the moving average: 0.5 in libraries, 0.01 is said to be the paper's."),
    update: z
      .enum(["always", "changed"])
      .default("always")
      .describe("Move the average at each comparison, or where the gradient was changed."),
    order: z.enum(["random", "fixed"]).default("random").describe("Compare with the other tasks in a new random order, or as in the file."),
    reduction: z.enum(["sum", "mean"]).default("sum").describe("Add up the changed gradients, or take their mean."),
  }),
  start: (_, { tasks, seed }) => ({
    cosine: new Array<number>(tasks * tasks).fill(0),
    random: RandomStream.seeded(seed, "gradvac").save(),
  }),
  weigh(input, state, { beta, update, order, reduction }, { tasks: all }) {
    const gram = gramOf(input);
    const lengths = lengthsOf(gram);
    const stream = RandomStream.from(state["random"] ?? []);
    const cosine = [...(state["cosine"] ?? [])];
    const weights = new Array<number>(gram.length).fill(0);
    for (let i = 0; i < gram.length; i++) {
      const own = gram.map((_, k): number => (k === i ? 1 : 0));
      // p·g_k for every k, kept up to date with p.
      const products = [...(gram[i] ?? [])];
      for (const j of othersInTurn(i, gram.length, order === "random" ? stream : undefined)) {
        const place = (input.tasks[i] ?? 0) * all + (input.tasks[j] ?? 0);
        const usual = Math.min(nearOne, Math.max(-nearOne, cosine[place] ?? 0));
        const angle = compare(own, products, lengths, j);
        if (angle === undefined) continue;
        const short = angle.cosine < usual;
        if (short) {
          const added = lift(angle.cosine, usual) * (angle.length / (lengths[j] ?? 1));
          own[j] = (own[j] ?? 0) + added;
          gram[j]?.forEach((value, k) => (products[k] = (products[k] ?? 0) + added * value));
        }
        if (short || update === "always") cosine[place] = (1 - beta) * (cosine[place] ?? 0) + beta * angle.cosine;
      }
      own.forEach((value, k) => (weights[k] = (weights[k] ?? 0) + (reduction === "mean" ? value / gram.length : value)));
    }
    return { weights, status: "ok", state: { cosine, random: stream.save() } };
  },
});

const nearOne = 1 - 1e-6;

/** Length of p = Σ own_k g_k and its cosine with row j; undefined where one of them is 0, as far as rounding can tell. */
function compare(own: readonly number[], products: readonly number[], lengths: readonly number[], j: number) {
  const terms = dot(own.map(Math.abs), lengths);
  const square = dot(own, products);
  const other = lengths[j] ?? 0;
  if (other === 0 || square <= 1e-14 * own.length * terms * terms) return undefined;
  const length = Math.sqrt(square);
  return { length, cosine: Math.min(1, Math.max(-1, (products[j] ?? 0) / (length * other))) };
}

/** How much of the other's unit gradient, relative to the length of p, turns p from cosine ρ to ρ̂. */
function lift(cosine: number, usual: number): number {
  const sine = Math.sqrt(1 - usual * usual);
  return (usual * Math.sqrt(1 - cosine * cosine) - cosine * sine) / sine;
}

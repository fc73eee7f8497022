import { z } from "zod";
import {
  defineBalancer,
  gradientsOf,
  gramOf,
  normsOf,
  type BalancerState,
  type MeanPace,
  type Remembered,
  type StepInput,
  type Weighing,
} from "./balancer.ts";
import { movedMeans } from "./kernels/moving-means.ts";
import { rowLength, rowProducts } from "./kernels/rows.ts";
import { projectOnSimplex, sharesOf } from "./kernels/simplex.ts";
import { softmax } from "./kernels/softmax.ts";
import { dot } from "./kernels/vectors.ts";

const options = z.object({
  beta: z.number().gt(0).max(1).default(0.5).describe("How far a moving mean goes towards the new gradient in its first step."),
  sigmaBeta: z.number().min(0).max(1).default(0.5).describe("Power of the step by which beta decays."),
  gamma: z.number().min(0).max(1e6).default(0.1).describe("Step size of the weights in the first step."),
  sigmaGamma: z.number().min(0).max(1).default(0.5).describe("Power of the step by which gamma decays."),
  rho: z.number().min(0).max(1e6).default(0).describe("Pull of the weights towards being equal."),
  simplex: z.enum(["softmax", "projection"]).default("softmax").describe("How the weights come back to a sum of 1 after their step."),
  normalize: z
    .enum(["loss", "none"])
    .default("loss")
    .describe("Track unit gradients times their loss, as in LibMTL, or the raw gradients, as in the paper."),
});

type Options = z.output<typeof options>;

/**
 * MoCo (Fernando et al., ICLR 2023, arXiv 2210.12624): tracks every task's gradient by a moving mean, so that the weights are not biased
 * by the noise of one batch,
 *
 *   h_i = g_i / (‖g_i‖ + 1e-8) · |L_i|,   y_i ← y_i + β_t (h_i − y_i),   β_t = β t^(−σ_β),   from y = 0
 *   λ ← softmax(λ − γ_t (Y Yᵀ + ρ I) λ),   γ_t = γ t^(−σ_γ),   d = Yᵀ λ
 *
 * as in LibMTL, after code of the authors; a softmax of λ itself draws it to 1/K in every step. The paper projects on the simplex and
 * takes the raw gradients (`simplex: projection`, `normalize: none`). t counts a task's own steps in β_t, so that it starts alike
 * whenever it first has labels; absent, it keeps y and its weight. With one task: the moving mean of its h. Memory: y, one vector a task,
 * rounded to single precision.
 */
export const moco = defineBalancer({
  id: "moco",
  title: "MoCo",
  summary: "Weighs moving means of the task gradients, so that noise of the batches does not bias the direction.",
  family: "gradients",
  needs: "gradients",
  action: "combine-gradients",
  readsLosses: true,
  papers: [
    {
      authors: "Fernando, Shen, Liu, Chaudhury, Murugesan, Chen",
      title: "Mitigating Gradient Bias in Multi-objective Learning: A Provably Convergent Approach",
      venue: "ICLR",
      year: 2023,
      arxiv: "2210.12624",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "2K·n" },
  properties: { nonConflicting: "no", scaleFree: "no", sumWithoutConflict: "no", orderFree: "yes" },
  options,
  start: (_, { tasks }) => ({
    lambda: new Array<number>(tasks).fill(1 / tasks),
    count: new Array<number>(tasks).fill(0),
    step: [0],
  }),
  weigh(input, state, chosen) {
    const gradients = gradientsOf(input);
    const paces = pacesOf({ ...input, norms: gradients.map(rowLength) }, state, chosen);
    const { rows, buffers } = movedMeans(input, gradients, paces);
    return { ...weighed({ ...input, gram: rowProducts(rows) }, state, chosen), rows, buffers };
  },
  means: { paces: pacesOf, weigh: weighed },
});

/** β_t and what makes h_i of g_i. */
function pacesOf(input: StepInput, state: BalancerState, { beta, sigmaBeta, normalize }: Options): readonly MeanPace[] {
  const { tasks, losses } = input;
  const norms = normsOf(input);
  return tasks.map((task, position) => ({
    rate: beta * ((state["count"]?.[task] ?? 0) + 1) ** -sigmaBeta,
    factor: normalize === "none" ? 1 : Math.abs(losses[position] ?? 0) / ((norms[position] ?? 0) + 1e-8),
  }));
}

/** λ from the products of the moved y. */
function weighed(input: StepInput, state: BalancerState, options: Options): Weighing & Remembered {
  const { tasks } = input;
  const count = [...(state["count"] ?? [])];
  for (const task of tasks) count[task] = (count[task] ?? 0) + 1;
  const step = (state["step"]?.[0] ?? 0) + 1;
  const gamma = options.gamma * step ** -options.sigmaGamma;
  const { shares, with: lambdaWith } = sharesOf(state["lambda"] ?? [], tasks);
  const moved = gramOf(input).map((row, i) => (shares[i] ?? 0) - gamma * (dot(row, shares) + options.rho * (shares[i] ?? 0)));
  const weights = options.simplex === "softmax" ? softmax(moved) : projectOnSimplex(moved);
  return { weights, status: "ok", state: { lambda: lambdaWith(weights), count, step: [step] } };
}

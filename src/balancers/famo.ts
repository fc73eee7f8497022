import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { adamStart, adamStep } from "./kernels/adam.ts";
import { aboveBounds } from "./kernels/log-losses.ts";
import { listed, listRefusal } from "./kernels/per-task.ts";
import { softmax } from "./kernels/softmax.ts";

/** Added to a loss before its logarithm is taken, as the authors do. */
const tiny = 1e-8;

/**
 * FAMO (Liu, Feng, Stone, Liu, NeurIPS 2023, arXiv 2306.03792): all tasks shall improve alike in relative terms, without a gradient
 * for each of them. With logits ξ and known lower bounds b (`minLosses`),
 *
 *   z = softmax(ξ),  D_i = L_i − b_i + 1e-8,   weight w_i = (z_i / D_i) / Σ_j z_j / D_j
 *
 * and after the step, from the same batch's losses there, an Adam step on ξ against
 *
 *   γ_i = z_i (δ_i − Σ_j z_j δ_j) + γ ξ_i,   δ_i = ln D_i − ln D′_i
 *
 * so that a task that improved more loses weight. The weights sum to 1; with one task its weight is 1. An absent task keeps its ξ.
 * The authors' `maxNorm`, a bound on the length of the shared gradient, is no part of the weights and left out: their code clips
 * before it differentiates, so it never had an effect there. Throws `RangeError` for a loss below its lower bound.
 */
export const famo = defineBalancer({
  id: "famo",
  title: "FAMO",
  summary: "Lets all tasks improve at the same relative rate, at the price of one more forward pass.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  positiveLosses: true,
  papers: [
    {
      authors: "Liu, Feng, Stone, Liu",
      title: "FAMO: Fast Adaptive Multitask Optimization",
      venue: "NeurIPS",
      year: 2023,
      arxiv: "2306.03792",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1", forward: "2", memory: "4K" },
  options: z.object({
    learningRate: z.number().gt(0).max(10).default(0.025).describe("Step size of the logits, trained by an Adam of their own."),
    gamma: z
      .number()
      .min(0)
      .max(10)
      .default(1e-3)
      .describe("Decay of the logits towards equal weights. The authors' scripts have 0.001 and 0.01, their toy problem needs 0."),
    minLosses: z
      .array(z.number())
      .optional()
      .describe("A lower bound for each task's loss, in the order of the tasks; 0 where left out. Needed where a loss can be negative."),
  }),
  start: (_, { tasks }) => ({ logits: new Array<number>(tasks).fill(0), ...adamStart(tasks) }),
  objection: ({ minLosses }, names) => listRefusal("minLosses", minLosses, names),
  weigh({ tasks, losses }, state, { minLosses }, { names }) {
    const distances = distancesOf(losses, tasks, minLosses, names);
    const shares = softmax(listed(state["logits"], tasks, 0)).map((share, i) => share / (distances[i] ?? 1));
    const sum = shares.reduce((total, share) => total + share, 0);
    return { weights: shares.map((share) => share / sum), status: "ok", state };
  },
  look: () => ({ kind: "after-step" }),
  learn({ tasks, losses, looks }, state, { learningRate, gamma, minLosses }, { names }) {
    const [after = []] = looks;
    // A step that led to where a loss is not finite teaches nothing about rates.
    if (![...losses, ...after].every(Number.isFinite)) return state;
    // Nor does one to below a bound that is none; the next step refuses it before anything moves.
    if (after.some((loss, i) => loss < (listed(minLosses ?? names.map(() => 0), tasks, 0)[i] ?? 0))) return state;
    const { logits = [], mean = [], square = [], count = [] } = state;
    const before = distancesOf(losses, tasks, minLosses, names).map(Math.log);
    const improved = distancesOf(after, tasks, minLosses, names).map((distance, i) => (before[i] ?? 0) - Math.log(distance));
    const own = listed(logits, tasks, 0);
    const gradients = logitGradient(softmax(own), improved).map((slope, i) => slope + gamma * (own[i] ?? 0));
    const stepped = adamStep(logits, { mean, square, count }, tasks, gradients, learningRate);
    return { logits: stepped.values, ...stepped.state };
  },
});

/** `z_i (δ_i − Σ_j z_j δ_j)`: the gradient of Σ z_i δ_i by the logits of z. Sums to 0. */
export function logitGradient(shares: readonly number[], improved: readonly number[]): number[] {
  const mean = shares.reduce((sum, share, i) => sum + share * (improved[i] ?? 0), 0);
  return shares.map((share, i) => share * ((improved[i] ?? 0) - mean));
}

function distancesOf(
  losses: readonly number[],
  tasks: readonly number[],
  minLosses: readonly number[] | undefined,
  names: readonly string[],
): number[] {
  const own = tasks.map((task) => names[task]);
  return aboveBounds(losses, listed(minLosses, tasks, 0), own, 0).map((distance) => distance + tiny);
}

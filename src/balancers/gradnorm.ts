import { z } from "zod";
import { defineBalancer, normsOf, type BalancerState, type StepInput } from "./balancer.ts";
import { adamStart, adamStep } from "./kernels/adam.ts";
import { byLogits, compareNorms } from "./kernels/gradnorm-gradient.ts";
import { aboveBounds } from "./kernels/log-losses.ts";
import { listed } from "./kernels/per-task.ts";
import { softmax } from "./kernels/softmax.ts";

/**
 * GradNorm (Chen, Badrinarayanan, Lee, Rabinovich, ICML 2018, arXiv 1711.02257): weights that bring the norms of the weighted
 * gradients together, more for tasks that train slowly. With n_i = ‖∇_W L_i‖ on the last common layer W,
 *
 *   minimise  Σ |w_i n_i − τ_i|,   τ_i = N̄ r_i^α (held),   N̄ = mean w_i n_i,   r_i = (L_i / L_i(0)) / mean_j (L_j / L_j(0))
 *
 * by an Adam of their own, then w is brought back to the sum K (`plain`, the paper), or w = K softmax(s) with s trained (`softmax`,
 * LibMTL). The step itself uses the weights from before. L_i(0) is the loss of the first step, or the mean of the first epoch, with
 * weights 1 until that is known. A task whose gradient is 0 has no say: it is left out of the step on w. With one task: weight 1.
 * An absent task keeps its weight, and the present ones share theirs among themselves.
 */
export const gradnorm = defineBalancer({
  id: "gradnorm",
  title: "GradNorm",
  summary: "Brings the gradient norms of the tasks together, and lets slow tasks have longer gradients.",
  family: "norms",
  needs: "norms",
  action: "weigh-losses",
  readsLosses: true,
  positiveLosses: true,
  papers: [
    {
      authors: "Chen, Badrinarayanan, Lee, Rabinovich",
      title: "GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep Multitask Networks",
      venue: "ICML",
      year: 2018,
      arxiv: "1711.02257",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1 + K down to the layer", forward: "1", memory: "6K" },
  options: z.object({
    alpha: z
      .number()
      .min(0)
      .max(10)
      .default(1.5)
      .describe("How much longer the gradients of slow tasks shall be; 0: all equally long. 0.12 for tasks that are alike."),
    learningRate: z.number().gt(0).max(10).default(0.025).describe("Step size of the weights, trained by an Adam of their own."),
    form: z.enum(["plain", "softmax"]).default("plain").describe("Weights rescaled to the sum K after each step, or K times a softmax."),
    layer: z.enum(["last", "all"]).default("last").describe("Norms on the last common layer alone, or on all common parameters."),
    initial: z
      .enum(["step", "epoch"])
      .default("step")
      .describe("What progress is measured from: the first step's loss, or the first epoch's mean."),
    floor: z.number().gt(0).max(0.1).default(1e-6).describe("Least weight (plain form): a step could make one negative."),
  }),
  level: ({ layer }) => (layer === "last" ? "last-layer" : "parameters"),
  start: ({ form }, { tasks }) => {
    const zeros = new Array<number>(tasks).fill(0);
    return { weights: new Array<number>(tasks).fill(form === "plain" ? 1 : 0), sum: zeros, seen: zeros, ...adamStart(tasks) };
  },
  weigh(input, state, { alpha, learningRate, form, initial, floor }, { tasks: all, names }) {
    const { tasks, epoch } = input;
    const norms = normsOf(input);
    const losses = aboveBounds(
      input.losses,
      [],
      tasks.map((task) => names[task]),
      0,
    );
    const known = { ...state, ...withInitial(input, state, initial) };
    const weights = form === "plain" ? listed(state["weights"], tasks, 1) : shareOut(state, tasks, all);
    if (initial === "epoch" && epoch < 1) return { weights, status: "ok", state: known };
    const progress = losses.map((loss, i) => loss / initialLoss(known, tasks[i] ?? 0));
    const { gradient } = compareNorms(weights, norms, progress, alpha);
    const held = total(weights);
    const slopes = form === "plain" ? gradient : byLogits(gradient, weights, held);
    const heard = tasks.flatMap((task, i) => ((norms[i] ?? 0) > 0 ? [{ task, slope: slopes[i] ?? 0 }] : []));
    const { weights: own = [], mean = [], square = [], count = [] } = state;
    const stepped = adamStep(
      own,
      { mean, square, count },
      heard.map(({ task }) => task),
      heard.map(({ slope }) => slope),
      learningRate,
    );
    const next = form === "plain" ? rescaled(stepped.values, tasks, held, floor) : shifted(stepped.values, own, tasks);
    return { weights, status: "ok", state: { ...known, ...stepped.state, weights: next } };
  },
});

/** K times the softmax over all tasks, of the present ones. */
function shareOut({ weights = [] }: BalancerState, tasks: readonly number[], all: number): number[] {
  const shares = softmax(weights);
  return tasks.map((task) => all * (shares[task] ?? 0));
}

/** The present tasks' weights, no less than the floor, brought back to the sum that they held. */
function rescaled(values: readonly number[], tasks: readonly number[], held: number, floor: number): number[] {
  const own = tasks.map((task) => Math.max(floor, values[task] ?? 0));
  const factor = held / total(own);
  const next = [...values];
  tasks.forEach((task, i) => (next[task] = (own[i] ?? 0) * factor));
  return next;
}

/** The present tasks' logits, shifted so that together they have the share that they had `before`. */
function shifted(logits: readonly number[], before: readonly number[], tasks: readonly number[]): number[] {
  const largest = Math.max(...tasks.flatMap((task) => [logits[task] ?? 0, before[task] ?? 0]));
  const mass = (values: readonly number[]) => total(tasks.map((task) => Math.exp((values[task] ?? 0) - largest)));
  const shift = Math.log(mass(before) / mass(logits));
  const next = [...logits];
  tasks.forEach((task) => (next[task] = (next[task] ?? 0) + shift));
  return next;
}

/** Takes this step's losses into the initial ones, where they belong there. */
function withInitial(
  { tasks, losses, epoch }: StepInput,
  { sum = [], seen = [] }: BalancerState,
  initial: "step" | "epoch",
): BalancerState {
  const nextSum = [...sum];
  const nextSeen = [...seen];
  tasks.forEach((task, i) => {
    const still = (seen[task] ?? 0) === 0 || (initial === "epoch" && epoch < 1);
    if (!still) return;
    nextSum[task] = (sum[task] ?? 0) + (losses[i] ?? 0);
    nextSeen[task] = (seen[task] ?? 0) + 1;
  });
  return { sum: nextSum, seen: nextSeen };
}

function initialLoss({ sum = [], seen = [] }: BalancerState, task: number): number {
  return Math.max(1e-12, (sum[task] ?? 0) / (seen[task] ?? 1));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

import { z } from "zod";
import { defineBalancer, gradientsOf, type Vector } from "./balancer.ts";
import { listed } from "./kernels/per-task.ts";
import { softmax } from "./kernels/softmax.ts";

/**
 * ExcessMTL (He, Zhou, Zhang, Yun, Xu, Zeng, Chilimbi, Zhao, ICML 2024, arXiv 2402.02009): weighs a task by how far its loss is above what
 * it can reach, estimated from the gradient alone, so that noise in the labels of a task earns it no weight. Element by element,
 *
 *   S_i ← S_i + g_i²,   e_i = Σ g_i² / √(S_i + 1e-7),   w_i ← w_i exp(η e_i / e_i(0)),   then Σ w = K (or 1)
 *
 * The first step of a task gives e_i(0) and moves no weight (the authors' code; where that is 0, the next one that is not). Weights are
 * kept as logarithms, and none falls below `floor` times their mean: the excesses only ever add up, so in a long run one task would take
 * all. An absent task keeps its share beside the others'. With one task: weight 1. Memory: S, one vector a task.
 */
export const excessMtl = defineBalancer({
  id: "excess-mtl",
  title: "ExcessMTL",
  summary: "Weighs tasks by how far they still are from their own optimum, whatever the noise of their labels.",
  family: "gradients",
  needs: "gradients",
  action: "weigh-losses",
  papers: [
    {
      authors: "He, Zhou, Zhang, Yun, Xu, Zeng, Chilimbi, Zhao",
      title: "Robust Multi-Task Learning with Excess Risks",
      venue: "ICML",
      year: 2024,
      arxiv: "2402.02009",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "2K·n" },
  options: z.object({
    eta: z
      .number()
      .gt(0)
      .max(100)
      .default(0.01)
      .describe("How fast weight moves to the task with the largest excess; LibMTL 0.01, TorchJD 1."),
    normalize: z.literal([1, "K"]).default("K").describe("What the weights sum to: 1, or the number of tasks."),
    floor: z.number().gt(0).max(0.5).default(1e-6).describe("Least weight, relative to the mean weight."),
  }),
  start: (_, { tasks }) => ({ logWeight: new Array<number>(tasks).fill(0), initial: new Array<number>(tasks).fill(0) }),
  weigh(input, state, { eta, normalize, floor }) {
    const { tasks, buffers = {} } = input;
    const rows = gradientsOf(input);
    const initial = [...(state["initial"] ?? [])];
    const kept: Record<string, Float64Array> = {};
    const excess = tasks.map((task, i) => {
      const { sums, value } = accumulated(rows[i] ?? new Float64Array(), buffers[squaresOf(task)]);
      kept[squaresOf(task)] = sums;
      const first = initial[task] ?? 0;
      if (first === 0) initial[task] = value;
      return first > 0 ? value / first : undefined;
    });
    // Only what a task has above the others counts, so that one without an excess of its own yet does not fall behind.
    const known = excess.filter((value) => value !== undefined);
    const common = known.reduce((sum, value) => sum + value, 0) / known.length;
    const grown = listed(state["logWeight"], tasks, 0).map((log, i) => log + eta * (excess[i] === undefined ? 0 : excess[i] - common));
    const { logs, shares } = floored(grown, floor);
    const logWeight = [...(state["logWeight"] ?? [])];
    tasks.forEach((task, i) => (logWeight[task] = logs[i] ?? 0));
    const sum = normalize === "K" ? tasks.length : 1;
    return { weights: shares.map((share) => share * sum), status: "ok", state: { logWeight, initial }, buffers: { ...buffers, ...kept } };
  },
});

function squaresOf(task: number): string {
  return `squares/${task}`;
}

function accumulated(gradient: Vector, before: Float64Array | undefined): { readonly sums: Float64Array; readonly value: number } {
  const sums = new Float64Array(gradient.length);
  let value = 0;
  for (let i = 0; i < sums.length; i++) {
    const square = (gradient[i] ?? 0) ** 2;
    const sum = (before?.[i] ?? 0) + square;
    sums[i] = sum;
    value += square / Math.sqrt(sum + 1e-7);
  }
  return { sums, value };
}

/** Shares by the logarithms, none less than `floor` of the mean, and the logarithms that go with them. */
function floored(logs: readonly number[], floor: number): { readonly logs: readonly number[]; readonly shares: readonly number[] } {
  const shares = softmax(logs);
  const least = floor / shares.length;
  if (shares.every((share) => share >= least)) return { logs, shares };
  const sum = shares.reduce((total, share) => total + Math.max(least, share), 0);
  const largest = Math.max(...logs);
  const top = Math.max(...shares);
  return {
    logs: shares.map((share, i) => (share >= least ? (logs[i] ?? 0) : largest + Math.log(least / top))),
    shares: shares.map((share) => Math.max(least, share) / sum),
  };
}

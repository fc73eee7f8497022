import { z } from "zod";
import { defineBalancer, gradientsOf, type BalancerState, type Buffers, type Vector } from "./balancer.ts";
import { equalAngles } from "./config.ts";
import { pseudoMoment } from "./kernels/pseudo-moment.ts";
import { combined, dividedBy, movedTowards, rowProducts } from "./kernels/rows.ts";
import { meanOf } from "./kernels/buffer-names.ts";

/**
 * M-ConFIG (Liu, Chu, Thuerey, ICLR 2025, arXiv 2408.11104): ConFIG on moving means of the gradients, of which each step refreshes one,
 *
 *   m_i ← β₁ m_i + (1−β₁) g_i for the task i whose turn it is,   m̂_i = m_i / (1−β₁^t_i),   c = ConFIG(m̂_1, …, m̂_K)
 *   pseudo gradient  p = (M − β₁ M₋) / (1−β₁),   M = (1−β₁^t) c, M₋ that of the step before
 *   v ← β₂ v + (1−β₂) p²,   d = c / (√(v / (1−β₂^t)) + ε)
 *
 * A turn goes to the present task that has waited longest. Until every present task had one, the direction is 0 and nothing else moves
 * (the authors' code). An absent task keeps its mean and its count, and has no part in d. Meant for plain SGD, whose learning rate then
 * means what Adam's does: with one task it is Adam. Where ConFIG has no direction: 0, "stationary". Memory: m, one vector a task, M, v.
 */
export const mConfig = defineBalancer({
  id: "m-config",
  title: "M-ConFIG",
  summary: "ConFIG at the cost of one backward pass: moving means of the gradients, of which each step refreshes one.",
  family: "gradients",
  needs: "gradients",
  action: "combine-gradients",
  papers: [
    {
      authors: "Liu, Chu, Thuerey",
      title: "ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks",
      venue: "ICLR",
      year: 2025,
      arxiv: "2408.11104",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "(K + 2)·n" },
  properties: {
    nonConflicting: "no",
    scaleFree: "partly",
    length: 0,
    sumWithoutConflict: "no",
    orderFree: "no",
    note: "The second moment turns ConFIG's direction; a task's scale and a common one cancel once the moving means have taken them in.",
  },
  options: z.object({
    beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of the moving means of the gradients."),
    beta2: z.number().min(0).lt(1).default(0.999).describe("Decay of the moving mean of the squared pseudo gradient."),
    epsilon: z.number().gt(0).max(1).default(1e-8).describe("Least root of the second moment that is divided by."),
  }),
  // `turn` is the number of the turn a task had last, 0 for none yet.
  start: (_, { tasks }) => {
    const zeros = new Array<number>(tasks).fill(0);
    return { count: zeros, turn: zeros, turns: [0], step: [0] };
  },
  demand: ({ tasks }, state) => ({ needs: "gradients", only: nextOf(tasks, state) }),
  weigh(input, before, { beta1, beta2, epsilon }) {
    const { tasks } = input;
    const [gradient = new Float64Array()] = gradientsOf(input);
    const { state, buffers } = refreshed(input.buffers ?? {}, before, nextOf(tasks, before), gradient, beta1);
    const counts = tasks.map((task) => state["count"]?.[task] ?? 0);
    const means = tasks.map((task) => buffers[meanOf(task)] ?? new Float64Array(gradient.length));
    if (counts.includes(0)) return { weights: tasks.map(() => 0), rows: means, status: "ok", state, buffers };
    // m̂_i = c_i m_i; no copy of the means is made for it.
    const corrections = counts.map((count) => 1 / (1 - beta1 ** count));
    const gram = rowProducts(means).map((row, i) => row.map((value, j) => value * (corrections[i] ?? 1) * (corrections[j] ?? 1)));
    const { weights, status } = equalAngles(gram);
    const step = (state["step"]?.[0] ?? 0) + 1;
    const factors = weights.map((weight, i) => weight * (corrections[i] ?? 1));
    const { divisor, moment, square } = pseudoMoment(
      combined(means, factors),
      { moment: buffers["moment"], square: buffers["square"] },
      { beta1, beta2, epsilon, step },
    );
    const rows = means.map((mean, i) => dividedBy(mean, divisor, corrections[i] ?? 1));
    return { weights, status, rows, state: { ...state, step: [step] }, buffers: { ...buffers, moment, square } };
  },
});

/** Of the present tasks the one whose last turn is longest ago. */
function nextOf(tasks: readonly number[], { turn = [] }: BalancerState): readonly number[] {
  const longest = Math.min(...tasks.map((task) => turn[task] ?? 0));
  return tasks.filter((task) => turn[task] === longest).slice(0, 1);
}

/** The moving mean of the task whose turn it is takes in its gradient. */
function refreshed(
  buffers: Buffers,
  state: BalancerState,
  [task = 0]: readonly number[],
  gradient: Vector,
  beta1: number,
): { readonly buffers: Buffers; readonly state: BalancerState } {
  const [count, turn] = [[...(state["count"] ?? [])], [...(state["turn"] ?? [])]];
  const turns = (state["turns"]?.[0] ?? 0) + 1;
  count[task] = (count[task] ?? 0) + 1;
  turn[task] = turns;
  const mean = movedTowards(buffers[meanOf(task)], gradient, 1 - beta1);
  return { buffers: { ...buffers, [meanOf(task)]: mean }, state: { ...state, count, turn, turns: [turns] } };
}

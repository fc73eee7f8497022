import { z } from "zod";
import { defineBalancer, normsOf, type BalancerState } from "./balancer.ts";
import { adamStart, adamStep } from "./kernels/adam.ts";
import { groupByGaps, relativeSlope } from "./kernels/task-groups.ts";

/**
 * Grouped adaptive loss weighting (Tian, Chen, Liu, Zhang, Yang, ACM MM 2022, arXiv 2209.11492), reconstructed: tasks that converge alike
 * form a group, and a group learns one uncertainty weight. With γ(i) the group of task i and s = ln σ² of each group,
 *
 *   minimise  Σ_i ½ e^(−s_γ(i)) L_i + Σ_γ ½ s_γ,   weight ½ e^(−s_γ(i))
 *
 * How a task converges is the slope of its gradient norm over the last `window` steps, relative to its mean. Every `regroupEvery` steps the
 * slopes are cut into at most `groups` groups at their widest gaps; a new group's s and its Adam are the means of its members'. Before
 * that, all are one group. With as many groups as tasks it is `uncertainty` exactly; with one, a common factor. s stays in [−10, 10].
 * With one task: the weight of `uncertainty`. A group none of whose tasks is present keeps its s; an absent task adds nothing to its window.
 */
export const galw = defineBalancer({
  id: "galw",
  title: "Grouped adaptive loss weighting",
  summary: "Tasks that converge alike share one learnt uncertainty weight.",
  family: "norms",
  needs: "norms",
  action: "weigh-losses",
  readsLosses: true,
  papers: [
    {
      authors: "Tian, Chen, Liu, Zhang, Yang",
      title: "Grouped Adaptive Loss Weighting for Person Search",
      venue: "ACM Multimedia",
      year: 2022,
      arxiv: "2209.11492",
    },
  ],
  provenance: "reconstructed",
  known:
    "Known: groups by the slope of the gradient magnitude, one uncertainty weight a group. Filled in: the window, the grouping at the widest gaps, and how often.",
  settledBy: "The authors' code, or the paper's numbers of a run with its groups over time.",
  cost: { backward: "K + 1", forward: "1", memory: "K·window" },
  options: z.object({
    groups: z.int().min(1).max(1000).default(2).describe("Most groups; as many as tasks is uncertainty weighting, 1 a common factor."),
    window: z.int().min(2).max(10_000).default(100).describe("Steps over which the slope of a gradient norm is taken."),
    regroupEvery: z.int().min(1).default(100).describe("Steps between two groupings."),
    initial: z.number().min(-10).max(10).default(0).describe("Starting value of every s = ln σ²."),
    learningRate: z.number().gt(0).max(10).default(0.025).describe("Step size of the s, trained by an Adam of their own."),
  }),
  start: ({ initial, groups }, { tasks }) => ({
    logVariance: new Array<number>(tasks).fill(initial),
    ...adamStart(tasks),
    group: Array.from({ length: tasks }, (_, task) => (groups >= tasks ? task : 0)),
    steps: [0],
    ...Object.fromEntries(Array.from({ length: tasks }, (_, task) => [windowOf(task), []])),
  }),
  weigh(input, state, { groups, window, regroupEvery, learningRate }, { tasks: all }) {
    const { tasks, losses } = input;
    const norms = normsOf(input);
    const seen = tasks.map((task, i) => [windowOf(task), [...(state[windowOf(task)] ?? []), norms[i] ?? 0].slice(-window)] as const);
    const steps = (state["steps"]?.[0] ?? 0) + 1;
    const watched: BalancerState = { ...state, ...Object.fromEntries(seen), steps: [steps] };
    const current = steps % regroupEvery === 0 && groups < all ? regrouped(watched, groups, all) : watched;
    const { logVariance = [], mean = [], square = [], count = [], group = [] } = current;
    const weights = tasks.map((task) => 0.5 * Math.exp(-(logVariance[task] ?? 0)));
    // Members hold one value: each takes the whole group's step.
    const pulls = new Map<number, number>();
    tasks.forEach((task, i) => {
      const own = group[task] ?? 0;
      pulls.set(own, (pulls.get(own) ?? 0.5) - (weights[i] ?? 0) * (losses[i] ?? 0));
    });
    const moved = group.flatMap((own, task) => (pulls.has(own) ? [task] : []));
    const slopes = moved.map((task) => pulls.get(group[task] ?? 0) ?? 0);
    const stepped = adamStep(logVariance, { mean, square, count }, moved, slopes, learningRate);
    const bounded = stepped.values.map((value) => Math.min(10, Math.max(-10, value)));
    return { weights, status: "ok", state: { ...current, ...stepped.state, logVariance: bounded } };
  },
});

function windowOf(task: number): string {
  return `norms/${task}`;
}

/** New groups by the slopes, and for each the means of what its members had. */
function regrouped(state: BalancerState, groups: number, all: number): BalancerState {
  const slopes = Array.from({ length: all }, (_, task) => relativeSlope(state[windowOf(task)] ?? []));
  const group = groupByGaps(slopes, groups);
  const shared = ["logVariance", "mean", "square", "count"].map((name) => [name, groupMeans(state[name] ?? [], group)] as const);
  return { ...state, ...Object.fromEntries(shared), group };
}

function groupMeans(values: readonly number[], group: readonly number[]): number[] {
  return group.map((own) => {
    const members = values.filter((_, task) => group[task] === own);
    return members.reduce((sum, value) => sum + value, 0) / members.length;
  });
}

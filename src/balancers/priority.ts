import { z } from "zod";
import { defineBalancer, type BalancerState } from "./balancer.ts";

/**
 * Tasks by priority, after "No More Tuning" (Cheng, Huang, Zhang, Ou, Liu, AAAI 2025, arXiv 2412.12092), reconstructed: one task after the
 * other is trained, and those before it may not get worse than they were at the end of their own stage. In stage k of the order,
 *
 *   min over θ, max over λ ≥ 0 of  L_k + Σ_{i<k} λ_i (L_i − L*_i − ε_i):
 *   weights  1 and λ_i, divided by 1 + Σ λ_i;   λ_i ← [λ_i + η (L̂_i − L*_i − ε_i)] in [0, `maxMultiplier`]
 *
 * with L̂ a moving average of the batch losses, and L*_i the average at the end of stage i. The division keeps the length of a step: the weights
 * of a full batch sum to 1. A task has weight 0 before its stage, its head too. A stage takes `stageEpochs` epochs, the last one the rest.
 * ε is above 0 because at a true optimum L* nothing but λ → ∞ would hold it. An absent task keeps its average and its λ. With one task: weight 1.
 */
export const priority = defineBalancer({
  id: "priority",
  title: "No More Tuning",
  summary: "Trains the tasks in the order of their priority, each without loss to the ones before it.",
  family: "schedule",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Cheng, Huang, Zhang, Ou, Liu",
      title: "No More Tuning: Prioritized Multi-Task Learning with Lagrangian Differential Multiplier Methods",
      venue: "AAAI",
      year: 2025,
      arxiv: "2412.12092",
    },
  ],
  provenance: "reconstructed",
  known:
    "Known: stages by priority, multipliers on inequality constraints, re-scaling. Filled in: the length of a stage, the averages that are compared, the slack ε.",
  settledBy: "The authors' code, or a run of theirs with its multipliers over time.",
  cost: { backward: "1", forward: "1", memory: "3K" },
  properties: {
    nonConflicting: "no",
    scaleFree: "no",
    sumWithoutConflict: "no",
    orderFree: "no",
    note: "The order is what the method is about.",
  },
  options: z.object({
    order: z.array(z.string()).optional().describe("Names of all tasks, the most important first; as in the file where left out."),
    stageEpochs: z.int().min(0).default(0).describe("Epochs of a stage; 0: all epochs divided by the number of tasks, at least 1."),
    learningRate: z.number().gt(0).max(100).default(0.1).describe("Step size η of the multipliers."),
    slack: z.number().gt(0).max(100).default(0.01).describe("How much worse ε an earlier task may get."),
    slackIn: z
      .enum(["relative", "absolute"])
      .default("relative")
      .describe("Whether the slack is a share of the loss that the task reached, or in its own unit."),
    maxMultiplier: z.number().gt(0).default(1000).describe("Largest multiplier."),
    decay: z.number().min(0).lt(1).default(0.9).describe("Share of the past in the moving averages of the losses; 0: the batch alone."),
  }),
  start: (_, { tasks }) => {
    const none = new Array<number>(tasks).fill(NaN);
    return { stage: [0], average: none, reached: none, multiplier: new Array<number>(tasks).fill(0) };
  },
  objection: ({ order }, names) =>
    order === undefined || isPermutation(order, names)
      ? undefined
      : { option: "order", message: `It must name each task once, the most important first. The tasks are ${names.join(", ")}.` },
  advice({ stageEpochs }, { tasks, epochs }) {
    const needed = tasks * Math.max(1, stageEpochs);
    if (epochs >= needed) return undefined;
    return {
      option: "stageEpochs",
      message: `${tasks} stages need ${needed} epochs at least, and there are ${epochs}: the last tasks are not trained. Train longer${stageEpochs > 1 ? ", or make the stages shorter" : ""}.`,
    };
  },
  weigh({ tasks, losses, epoch }, state, options, { names, epochs }) {
    const places = options.order?.map((name) => names.indexOf(name)) ?? names.map((_, task) => task);
    const length = options.stageEpochs > 0 ? options.stageEpochs : Math.max(1, Math.floor(epochs / names.length));
    const stage = Math.min(names.length - 1, Math.floor(epoch / length));
    const { average = [], reached = [], multiplier = [] } = entered(state, stage, places);
    const earlier = places.slice(0, stage);
    const sum = earlier.reduce((total, task) => total + (multiplier[task] ?? 0), 1);
    const raw = (task: number) => (task === places[stage] ? 1 : earlier.includes(task) ? (multiplier[task] ?? 0) : 0);
    const [nextAverage, nextMultiplier] = [[...average], [...multiplier]];
    tasks.forEach((task, i) => {
      const before = average[task] ?? NaN;
      const loss = losses[i] ?? 0;
      const mean = Number.isNaN(before) ? loss : options.decay * before + (1 - options.decay) * loss;
      nextAverage[task] = mean;
      const goal = reached[task] ?? NaN;
      if (!earlier.includes(task) || Number.isNaN(goal)) return;
      const slack = options.slack * (options.slackIn === "relative" ? Math.abs(goal) : 1);
      const moved = (multiplier[task] ?? 0) + options.learningRate * (mean - goal - slack);
      nextMultiplier[task] = Math.min(options.maxMultiplier, Math.max(0, moved));
    });
    return {
      weights: tasks.map((task) => raw(task) / sum),
      status: "ok",
      state: { stage: [stage], average: nextAverage, reached, multiplier: nextMultiplier },
    };
  },
});

/** Notes what the tasks whose stages are over have reached. */
function entered(state: BalancerState, stage: number, places: readonly number[]): BalancerState {
  const { stage: [last = 0] = [], average = [], reached = [] } = state;
  const finished = places.slice(last, stage);
  return { ...state, reached: reached.map((goal, task) => (finished.includes(task) ? (average[task] ?? NaN) : goal)) };
}

function isPermutation(order: readonly string[], names: readonly string[]): boolean {
  return order.length === names.length && names.every((name) => order.includes(name));
}

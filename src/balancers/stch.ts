import { z } from "zod";
import { defineBalancer, type BalancerState, type StepInput } from "./balancer.ts";
import { aboveBounds } from "./kernels/log-losses.ts";
import { listed, listRefusal, preferenceOf } from "./kernels/per-task.ts";
import { softmax } from "./kernels/softmax.ts";

/**
 * Smooth Tchebycheff scalarisation (Lin et al., ICML 2024, arXiv 2402.19078): a smooth maximum of the losses, so that the worst task leads.
 *
 *   paper  μ ln Σ exp(λ_i (L_i − z_i) / μ), λ = `preference`, z = `ideal`;  weight λ_i p_i,  p = softmax(λ (L − z) / μ)
 *   mtl    K μ ln Σ exp(y_i / μ),  y_i = ln(L_i / N_i);                  weight K p_i / L_i,  p = softmax(y / μ)
 *
 * The mtl form (the authors' deep-learning code) minimises Σ ln L_i for `warmUp` epochs, takes the mean loss of the epoch after them as
 * nadir N_i, and is active from then on; a task that had no label in that epoch has nadir 1. A negative loss there throws `RangeError` with
 * the task's name; the paper form takes any. With one task: weight 1 (paper), 1 / L (mtl).
 */
export const stch = defineBalancer({
  id: "stch",
  title: "Smooth Tchebycheff",
  summary: "Minimises a smooth maximum of the losses, so that the worst task leads.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  positiveLosses: true,
  papers: [
    {
      authors: "Lin, Zhang, Yang, Liu, Wang, Zhang",
      title: "Smooth Tchebycheff Scalarization for Multi-Objective Optimization",
      venue: "ICML",
      year: 2024,
      arxiv: "2402.19078",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "2K" },
  options: z.object({
    form: z.enum(["mtl", "paper"]).default("mtl").describe("The authors' deep-learning form with a nadir, or the paper's plain one."),
    mu: z.number().gt(0).max(1000).default(1).describe("Smoothness: towards 0 it becomes the maximum."),
    preference: z
      .array(z.number().gt(0))
      .optional()
      .describe("Factors λ of the losses (paper form), in the order of the tasks, brought to the sum 1; equal where left out."),
    ideal: z
      .array(z.number())
      .optional()
      .describe("The ideal point z (paper form): the least loss of each task, in the order of the tasks; 0 where left out."),
    warmUp: z.int().min(0).default(4).describe("Epochs before the nadir is measured (mtl form)."),
  }),
  start: (_, { tasks }) => ({ sum: new Array<number>(tasks).fill(0), seen: new Array<number>(tasks).fill(0) }),
  objection({ form, preference, ideal }, names) {
    if (form === "mtl" && (preference ?? ideal) !== undefined)
      return { option: preference === undefined ? "ideal" : "preference", message: "It belongs to the paper's form; set `form: paper`." };
    return listRefusal("preference", preference, names) ?? listRefusal("ideal", ideal, names);
  },
  advice: ({ form, warmUp }, { epochs }) =>
    form === "paper" || epochs > warmUp + 1
      ? undefined
      : {
          option: "warmUp",
          message: `The nadir is measured in epoch ${warmUp + 1}, so in ${epochs} epochs the method is never active: it stays with the sum of the logarithms. Train longer, or make \`warmUp\` smaller.`,
        },
  weigh(input, state, { form, mu, warmUp, preference, ideal }, { tasks: all, names }) {
    const { tasks, losses } = input;
    if (form === "paper") {
      const shares = preferenceOf(preference, tasks, all);
      const lowest = listed(ideal, tasks, 0);
      const worst = softmax(losses.map((loss, i) => ((shares[i] ?? 0) * (loss - (lowest[i] ?? 0))) / mu));
      return { weights: shares.map((share, i) => share * (worst[i] ?? 0)), status: "ok", state };
    }
    const own = tasks.map((task) => names[task]);
    const safe = aboveBounds(losses, [], own, 1e-12);
    const epoch = Math.floor(input.epoch);
    if (epoch <= warmUp)
      return { weights: safe.map((loss) => 1 / loss), status: "ok", state: epoch === warmUp ? measured(input, state) : state };
    const { sum = [], seen = [] } = state;
    const log = input.tasks.map((task, i) => {
      const nadir = (sum[task] ?? 0) / (seen[task] ?? 0);
      return Math.log((safe[i] ?? 1) / (nadir > 0 ? nadir : 1)) / mu;
    });
    const shares = softmax(log);
    return { weights: safe.map((loss, i) => (losses.length * (shares[i] ?? 0)) / loss), status: "ok", state };
  },
});

function measured({ tasks, losses }: StepInput, { sum = [], seen = [] }: BalancerState): BalancerState {
  const nextSum = [...sum];
  const nextSeen = [...seen];
  tasks.forEach((task, position) => {
    nextSum[task] = (nextSum[task] ?? 0) + (losses[position] ?? 0);
    nextSeen[task] = (nextSeen[task] ?? 0) + 1;
  });
  return { sum: nextSum, seen: nextSeen };
}

import { z } from "zod";
import { defineBalancer, type BalancerState, type StepInput } from "./balancer.ts";
import { softmax } from "./kernels/softmax.ts";

/**
 * Smooth Tchebycheff scalarisation (Lin et al., ICML 2024, arXiv 2402.19078): a smooth maximum of the losses, so that the worst task leads.
 *
 *   paper  μ ln Σ exp(λ_i (L_i − z_i) / μ), λ_i = 1/K, z_i = 0;          weight λ_i p_i,  p = softmax(λ (L − z) / μ)
 *   mtl    K μ ln Σ exp(y_i / μ),  y_i = ln(L_i / N_i);                  weight K p_i / L_i,  p = softmax(y / μ)
 *
 * The mtl form (the authors' deep-learning code) minimises Σ ln L_i for `warmUp` epochs, takes the mean loss of the epoch after them as
 * nadir N_i, and is active from then on. Its losses must be positive.
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
    warmUp: z.int().min(0).default(4).describe("Epochs before the nadir is measured (mtl form)."),
  }),
  start: (_, { tasks }) => ({ sum: new Array<number>(tasks).fill(0), seen: new Array<number>(tasks).fill(0) }),
  weigh(input, state, { form, mu, warmUp }) {
    const { losses } = input;
    if (form === "paper")
      return { weights: softmax(losses.map((loss) => loss / losses.length / mu)).map((p) => p / losses.length), status: "ok", state };
    const safe = losses.map((loss) => Math.max(loss, 1e-12));
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

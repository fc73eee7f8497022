import { z } from "zod";
import { defineBalancer, type BalancerContext, type BalancerState, type StepInput } from "./balancer.ts";
import { adamStart, adamStep } from "./kernels/adam.ts";
import type { Paper } from "./method-facts.ts";

export const imtlPaper: Paper = {
  authors: "Liu, Li, Kuang, Xue, Chen, Yang, Liao, Zhang",
  title: "Towards Impartial Multi-task Learning",
  venue: "ICLR",
  year: 2021,
};

/** Options of the learnt factors; the whole of IMTL has them too. */
export const scaleOptions = {
  initial: z.number().min(-10).max(10).default(0).describe("Starting value of every s."),
  learningRate: z.number().gt(0).max(10).default(0.025).describe("Step size of the s, trained by an Adam of their own."),
};

/**
 * IMTL-L (Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021): scales every loss towards 1,
 *
 *   minimise  Σ e^(s_i) L_i − s_i,   weight e^(s_i),   ∂/∂s_i = e^(s_i) L_i − 1
 *
 * The s_i have an Adam of their own and stay in [−10, 10]. An absent task keeps its s_i.
 */
export const imtlL = defineBalancer({
  id: "imtl-l",
  title: "IMTL-L",
  summary: "Learns a scale for every loss that brings it to 1.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [imtlPaper],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "3K" },
  options: z.object(scaleOptions),
  start: scaleStart,
  weigh(input, state, options) {
    const { factors, state: next } = learnScales(input, state, options);
    return { weights: factors, status: "ok", state: next };
  },
});

export function scaleStart({ initial }: { readonly initial: number }, { tasks }: BalancerContext): BalancerState {
  return { logScale: new Array<number>(tasks).fill(initial), ...adamStart(tasks) };
}

/** The factors e^(s_i) of the present tasks, and the state after one step on their s_i. */
export function learnScales(
  { tasks, losses }: StepInput,
  state: BalancerState,
  { learningRate }: { readonly learningRate: number },
): { readonly factors: readonly number[]; readonly state: BalancerState } {
  const { logScale = [], mean = [], square = [], count = [] } = state;
  const factors = tasks.map((task) => Math.exp(logScale[task] ?? 0));
  const gradients = factors.map((factor, position) => factor * (losses[position] ?? 0) - 1);
  const stepped = adamStep(logScale, { mean, square, count }, tasks, gradients, learningRate);
  const bounded = stepped.values.map((value) => Math.min(10, Math.max(-10, value)));
  return { factors, state: { logScale: bounded, ...stepped.state } };
}

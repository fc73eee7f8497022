import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { adamStart, adamStep } from "./kernels/adam.ts";

/**
 * Homoscedastic uncertainty weighting (Kendall, Gal, Cipolla, CVPR 2018, arXiv 1705.07115) with s_i = ln σ_i² learnt:
 *
 *   minimise  Σ c_i e^{−s_i} L_i + ½ s_i,   weight w_i = c_i e^{−s_i},   ∂/∂s_i = ½ − w_i L_i
 *
 * with c_i = ½ (`half`, usual), 1 (`full`), or ½ for regression and 1 for classification (`by-kind`, as the paper derives).
 * At the optimum w_i L_i = ½. The s_i have an Adam of their own without weight decay and stay in [−10, 10], so that a loss
 * of 0 cannot drive a weight to infinity. A negative objective is normal. An absent task keeps its s_i.
 */
export const uncertainty = defineBalancer({
  id: "uncertainty",
  title: "Uncertainty weighting",
  summary: "Learns each task's noise and weighs its loss by the inverse variance.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Kendall, Gal, Cipolla",
      title: "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics",
      venue: "CVPR",
      year: 2018,
      arxiv: "1705.07115",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "3K" },
  options: z.object({
    form: z
      .enum(["half", "full", "by-kind"])
      .default("half")
      .describe("Factor before e^(−s): ½, 1, or ½ for regression and 1 for classification."),
    initial: z.number().min(-10).max(10).default(0).describe("Starting value of every s = ln σ²."),
    learningRate: z.number().gt(0).max(10).default(0.025).describe("Step size of the s, trained by an Adam of their own."),
  }),
  start(options, { tasks }) {
    return { logVariance: new Array<number>(tasks).fill(options.initial), ...adamStart(tasks) };
  },
  weigh({ tasks, losses }, state, { form, learningRate }, { kinds }) {
    const { logVariance = [], mean = [], square = [], count = [] } = state;
    const weights = tasks.map((task) => factor(form, kinds[task]) * Math.exp(-(logVariance[task] ?? 0)));
    const gradients = weights.map((weight, position) => 0.5 - weight * (losses[position] ?? 0));
    const stepped = adamStep(logVariance, { mean, square, count }, tasks, gradients, learningRate);
    const bounded = stepped.values.map((value) => Math.min(10, Math.max(-10, value)));
    return { weights, status: "ok", state: { logVariance: bounded, ...stepped.state } };
  },
});

function factor(form: "half" | "full" | "by-kind", kind: "classification" | "regression" | undefined): number {
  if (form === "by-kind") return kind === "classification" ? 1 : 0.5;
  return form === "full" ? 1 : 0.5;
}

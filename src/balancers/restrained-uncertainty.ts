import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { windowsOf } from "./dwa.ts";
import { adamStart, adamStep } from "./kernels/adam.ts";
import { addLosses, enterWindow, lossRatio, startWindows } from "./kernels/loss-windows.ts";
import { restrained } from "./kernels/restrained-uncertainty.ts";
import { softmax } from "./kernels/softmax.ts";

/**
 * Dynamic restrained uncertainty weighting (Song et al., ICML ExVo workshop 2022, arXiv 2206.11049): uncertainty weights whose σ are held together, plus
 * the factor of dynamic weight average,
 *
 *   minimise  Σ (λ_i + 1/(K σ_i²)) L_i + Σ ln(1 + σ_i²) + |φ − Σ|σ_i||,   λ = K softmax(r / T), not differentiated
 *
 * with r_i the quotient of the losses of the last two batches (or epochs), 1 where there is none. The published code never trains the σ;
 * here they have an Adam of their own, as the paper's text asks, and stay ≥ 1e-3. The restraint is the code's; the paper's, with |ln σ_i|
 * (`restraint: log-sigma`), could not be checked. With one task: λ = 1, weight 1 + 1/σ². An absent task keeps its σ.
 */
export const restrainedUncertainty = defineBalancer({
  id: "restrained-uncertainty",
  title: "Dynamic restrained uncertainty",
  summary: "Uncertainty weights held together by a restraint, plus a factor for tasks that fall slowly.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Song, Yang, Triantafyllopoulos, Jing, Karas, Xie, Zhang, Yamamoto, Schuller",
      title: "Dynamic Restrained Uncertainty Weighting Loss for Multitask Learning of Vocal Expression",
      venue: "ICML ExVo workshop",
      year: 2022,
      arxiv: "2206.11049",
    },
  ],
  provenance: "reconstructed",
  known:
    "The objective is read from the published code, which does not train σ; that σ is trained, and the paper's own form of the restraint, are filled in.",
  settledBy: "The paper's equations in full, or code of the authors that trains σ.",
  cost: { backward: "1", forward: "1", memory: "7K" },
  options: z.object({
    restraint: z
      .enum(["sigma", "log-sigma"])
      .default("sigma")
      .describe("Whether the |σ| are restrained, as in the code, or the |ln σ|, as the paper is said to."),
    ratio: z
      .enum(["batch", "epoch"])
      .default("batch")
      .describe("Losses that the dynamic factor compares: of the last two batches, or epochs."),
    initial: z.number().min(0).max(100).default(0).describe("Starting value of every σ; 0: 1/K."),
    phi: z.number().gt(0).max(100).default(1).describe("What the |σ| (or |ln σ|) are restrained to sum to."),
    temperature: z.number().gt(0).max(1000).default(10).describe("Larger makes the dynamic factors more equal."),
    learningRate: z.number().gt(0).max(10).default(0.025).describe("Step size of the σ, trained by an Adam of their own."),
  }),
  start: ({ initial }, { tasks }) => ({
    sigma: new Array<number>(tasks).fill(initial > 0 ? initial : 1 / tasks),
    ...adamStart(tasks),
    ...startWindows(tasks),
  }),
  weigh({ tasks, losses, step, epoch }, state, { restraint, ratio, phi, temperature, learningRate }, { tasks: all }) {
    const { sigma = [], mean = [], square = [], count = [] } = state;
    const windows = enterWindow(windowsOf(state), ratio === "batch" ? step : Math.floor(epoch));
    const dynamic = softmax(tasks.map((task) => lossRatio(windows, task) / temperature));
    const { weights, gradient } = restrained({ sigma, tasks, losses, coefficient: 1 / all, phi, restraint });
    const stepped = adamStep(sigma, { mean, square, count }, tasks, gradient, learningRate);
    const bounded = stepped.values.map((value) => Math.max(1e-3, value));
    return {
      weights: weights.map((weight, i) => tasks.length * (dynamic[i] ?? 0) + weight),
      status: "ok",
      state: { sigma: bounded, ...stepped.state, ...addLosses(windows, tasks, losses) },
    };
  },
});

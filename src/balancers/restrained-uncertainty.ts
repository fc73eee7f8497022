import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { windowsOf } from "./dwa.ts";
import { adamStart, adamStep } from "./kernels/adam.ts";
import { addLosses, enterWindow, lossRatio, startWindows } from "./kernels/loss-windows.ts";
import { softmax } from "./kernels/softmax.ts";

/**
 * Dynamic restrained uncertainty weighting (Song et al., ICML ExVo workshop 2022, arXiv 2206.11049): uncertainty weights whose σ are held together, plus
 * the factor of dynamic weight average,
 *
 *   minimise  Σ (λ_i + 1/(K σ_i²)) L_i + Σ ln(1 + σ_i²) + |φ − Σ|σ_i||,   λ = K softmax(r / T), not differentiated
 *
 * with r_i the quotient of the last two batch losses. The published code never trains the σ; here they have an Adam of their own, as the
 * paper's text asks. The restraint is the code's; the paper's has |ln α_i|, which could not be checked.
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
  cost: { backward: "1", forward: "1", memory: "7K" },
  options: z.object({
    phi: z.number().gt(0).max(100).default(1).describe("What the σ are restrained to sum to."),
    temperature: z.number().gt(0).max(1000).default(10).describe("Larger makes the dynamic factors more equal."),
    learningRate: z.number().gt(0).max(10).default(0.025).describe("Step size of the σ, trained by an Adam of their own."),
  }),
  start: (_, { tasks }) => ({ sigma: new Array<number>(tasks).fill(1 / tasks), ...adamStart(tasks), ...startWindows(tasks) }),
  weigh({ tasks, losses, step }, state, { phi, temperature, learningRate }, { tasks: all }) {
    const { sigma = [], mean = [], square = [], count = [] } = state;
    const windows = enterWindow(windowsOf(state), step);
    const dynamic = softmax(tasks.map((task) => lossRatio(windows, task) / temperature));
    const own = tasks.map((task) => sigma[task] ?? 1);
    const weights = own.map((s, position) => tasks.length * (dynamic[position] ?? 0) + 1 / (all * s * s));
    const excess = Math.sign(sigma.reduce((sum, s) => sum + Math.abs(s), 0) - phi);
    const gradients = own.map((s, position) => (-2 * (losses[position] ?? 0)) / (all * s ** 3) + (2 * s) / (1 + s * s) + excess);
    const stepped = adamStep(sigma, { mean, square, count }, tasks, gradients, learningRate);
    const bounded = stepped.values.map((value) => Math.max(1e-3, value));
    return { weights, status: "ok", state: { sigma: bounded, ...stepped.state, ...addLosses(windows, tasks, losses) } };
  },
});

import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { impartialWeights, solverOption } from "./imtl-g.ts";
import { imtlPaper, learnScales, scaleOptions, scaleStart } from "./imtl-l.ts";

/**
 * IMTL (Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021), both halves: IMTL-L brings every loss to 1 by a learnt factor
 * e^(s_i), and IMTL-G gives the direction of the common parameters equal projections on the gradients of the losses so scaled,
 *
 *   h_i = e^(s_i) g_i,   d = Σ α_i h_i,  Σ α_i = 1,  d·h_i/‖h_i‖ equal;   weight α_i e^(s_i);   heads: e^(s_i) times their own loss.
 *
 * The factors of a step are those from before it. Needs the Gram matrix. Degenerate as IMTL-G. With one task: weight e^s, IMTL-L. An absent
 * task keeps its s_i.
 */
export const imtl = defineBalancer({
  id: "imtl",
  title: "IMTL",
  summary: "Learns a scale for every loss, and gives the direction the same projection on every task's gradient.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  readsLosses: true,
  papers: [imtlPaper],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n + 3K" },
  properties: { nonConflicting: "yes", scaleFree: "yes", sumWithoutConflict: "no", orderFree: "yes" },
  options: z.object({ ...scaleOptions, ...solverOption }),
  start: scaleStart,
  weigh(input, state, options) {
    const { factors, state: next } = learnScales(input, state, options);
    const scaled = gramOf(input).map((row, i) => row.map((value, j) => value * (factors[i] ?? 1) * (factors[j] ?? 1)));
    const { weights, status } = impartialWeights(scaled, options.solver);
    return { weights: weights.map((weight, i) => weight * (factors[i] ?? 1)), headWeights: factors, status, state: next };
  },
});

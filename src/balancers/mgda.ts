import { z } from "zod";
import { defineBalancer, gramOf, type StepInput } from "./balancer.ts";
import { hullStatus, minNormPoint } from "./kernels/min-norm.ts";
import type { Level, MethodFacts, Paper } from "./method-facts.ts";

/** MGDA for deep learning, with both of its levels. */
export const mgdaPaper: Paper = {
  authors: "Sener, Koltun",
  title: "Multi-Task Learning as Multi-Objective Optimization",
  venue: "NeurIPS",
  year: 2018,
  arxiv: "1810.04650",
};

/**
 * MGDA (Désidéri, C. R. Math. 2012; for deep learning Sener & Koltun, NeurIPS 2018, arXiv 1810.04650): the combination of
 * least norm in the convex hull of the (normalised) task gradients,
 *
 *   w = argmin over the simplex of ‖Σ w_i g_i / q_i‖²,   q_i = 1, ‖g_i‖, L_i or L_i ‖g_i‖
 *
 * Never hurts a task to first order. The weights go to the raw gradients (the authors' code) or to the normalised ones.
 * Degenerate where 0 lies in the hull, e.g. one gradient is 0: direction 0, status "stationary", training stalls on all tasks.
 */
export const mgda = mgdaAt("parameters", {
  id: "mgda",
  title: "MGDA",
  summary: "Takes the shortest combination of the task gradients, which hurts no task to first order.",
  papers: [
    {
      authors: "Désidéri",
      title: "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization",
      venue: "Comptes Rendus Mathématique",
      year: 2012,
    },
    mgdaPaper,
  ],
  cost: { backward: "K", forward: "1", memory: "K·n" },
  properties: {
    nonConflicting: "yes",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "no",
    orderFree: "yes",
    note: "Normalised by l2, with the weights applied to the normalised gradients, it does not depend on the scale of a task's loss.",
  },
});

/** The method at one level: what the Gram matrix it gets is made of. */
export function mgdaAt(level: Level, facts: Pick<MethodFacts, "id" | "title" | "summary" | "papers" | "cost" | "properties">) {
  return defineBalancer({
    ...facts,
    family: "gram",
    needs: "gram",
    action: "combine-gradients",
    provenance: "paper and code",
    options: z.object({
      normalize: z
        .enum(["none", "l2", "loss", "loss+"])
        .default("none")
        .describe("Divide each gradient before the search by nothing, its norm, its loss, or loss times norm."),
      applyTo: z
        .enum(["raw", "normalized"])
        .default("raw")
        .describe("Combine the raw gradients with the weights found, or the normalised ones."),
    }),
    level: () => level,
    start: () => ({}),
    weigh(input, state, { normalize, applyTo }) {
      const gram = gramOf(input);
      const divisors = gram.map((_, i) => divisor(normalize, input, gram, i));
      const scaled = gram.map((row, i) => row.map((value, j) => value / (divisors[i] ?? 1) / (divisors[j] ?? 1)));
      const point = minNormPoint(scaled);
      return {
        weights: applyTo === "raw" ? point.weights : point.weights.map((weight, i) => weight / (divisors[i] ?? 1)),
        status: hullStatus(scaled, point),
        state,
      };
    },
  });
}

/** A divisor of 0 counts as 1, so that a task without gradient or loss stays as it is. */
function divisor(kind: "none" | "l2" | "loss" | "loss+", { losses }: StepInput, gram: readonly (readonly number[])[], i: number): number {
  const norm = kind === "l2" || kind === "loss+" ? Math.sqrt(gram[i]?.[i] ?? 0) : 1;
  if (kind !== "loss" && kind !== "loss+") return norm || 1;
  const loss = losses[i];
  if (loss === undefined) throw new RangeError(`MGDA with normalize: ${kind} needs the loss of every task.`);
  return norm * Math.abs(loss) || 1;
}

import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { applySpectrum, eigenOf, rankOf } from "./kernels/eigen.ts";
import { listed, listRefusal } from "./kernels/per-task.ts";
import type { Level, MethodFacts } from "./method-facts.ts";

/**
 * Aligned-MTL (Senushkin et al., CVPR 2023, arXiv 2305.19000): replaces the gradients by the nearest system whose Gram matrix is σ I, and sums that:
 *
 *   G = V Λ Vᵀ,   w = √σ · V Λ^(−1/2) Vᵀ p,   σ = least, median or mean eigenvalue,   p = 1 or `preference`
 *
 * `reduction: mean` divides p by K. Eigenvalues below the rank are left out. Not free of conflict: the aligned gradients are
 * orthogonal to each other, not the original ones. Nor free of scale, though often said to be. Needs the Gram matrix. All rows zero:
 * direction 0, "stationary".
 */
export const alignedMtl = alignedAt("parameters", {
  id: "aligned-mtl",
  title: "Aligned-MTL",
  summary: "Makes the system of task gradients orthogonal with equal lengths before summing it.",
  cost: { backward: "K", forward: "1", memory: "K·n" },
});

/** The method at one level: what the Gram matrix it gets is made of. */
export function alignedAt(level: Level, facts: Pick<MethodFacts, "id" | "title" | "summary" | "cost">) {
  return defineBalancer({
    ...facts,
    family: "gram",
    needs: "gram",
    action: "combine-gradients",
    papers: [
      {
        authors: "Senushkin, Patakin, Kuznetsov, Konushin",
        title: "Independent Component Alignment for Multi-Task Learning",
        venue: "CVPR",
        year: 2023,
        arxiv: "2305.19000",
      },
    ],
    provenance: "paper and code",
    properties: { nonConflicting: "no", scaleFree: "no", length: 1, sumWithoutConflict: "no", orderFree: "yes" },
    options: z.object({
      sigma: z
        .enum(["min", "median", "rmse"])
        .default("min")
        .describe("Common eigenvalue of the aligned system: least, median or mean of the kept ones."),
      reduction: z.enum(["sum", "mean"]).default("sum").describe("Sum the aligned gradients, or take their mean."),
      preference: z
        .array(z.number().min(0))
        .optional()
        .describe("Factors of the aligned gradients, one number a task, in the order of the tasks; 1 where left out."),
    }),
    level: () => level,
    start: () => ({}),
    objection: ({ preference }, names) => listRefusal("preference", preference, names),
    weigh(input, state, { sigma, reduction, preference }) {
      const gram = gramOf(input);
      const eigen = eigenOf(gram);
      const rank = rankOf(eigen);
      const share = reduction === "sum" ? 1 : 1 / gram.length;
      const wanted = listed(preference, input.tasks, 1).map((factor) => factor * share);
      if (rank === 0) return { weights: wanted, status: "stationary", state };
      const root = Math.sqrt(common(eigen.values.slice(0, rank), sigma));
      return { weights: applySpectrum(eigen, rank, (value) => root / Math.sqrt(value), wanted), status: "ok", state };
    },
  });
}

/** `values` are decreasing. */
function common(values: readonly number[], sigma: "min" | "median" | "rmse"): number {
  if (sigma === "min") return values.at(-1) ?? 0;
  if (sigma === "rmse") return values.reduce((sum, value) => sum + value, 0) / values.length;
  const [upper = 0, lower = upper] = [values[Math.floor((values.length - 1) / 2)], values[Math.ceil((values.length - 1) / 2)]];
  return 0.5 * (upper + lower);
}

import { z } from "zod";
import { defineBalancer, gramOf, type Weighing } from "./balancer.ts";
import { applySpectrum, eigenOf, rankOf } from "./kernels/eigen.ts";
import { listed, listRefusal } from "./kernels/per-task.ts";
import { correlationOf, dot, lengthsOf, products, type Gram } from "./kernels/vectors.ts";

/**
 * ConFIG (Liu, Chu, Thuerey, ICLR 2025, arXiv 2408.11104): the direction with equal cosine to every task's gradient, as long as the
 * gradients' projections on it together: `x = Û⁺ ω`, `û = x/‖x‖`, `d = (Σ g_i·û) û`, with rows û_i of unit
 * length and ω = 1 or `preference`: what the cosines shall be in proportion to.
 *
 * Where gradients depend on each other and no direction has these cosines: the nearest in least squares, status "infeasible".
 * Same line as IMTL-G, always with the positive sign. Needs the Gram matrix. Zero rows stay out. Where x = 0 (opposite
 * gradients): direction 0, "stationary".
 */
export const config = defineBalancer({
  id: "config",
  title: "ConFIG",
  summary: "Finds the direction at the same angle to every task's gradient.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Liu, Chu, Thuerey",
      title: "ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks",
      venue: "ICLR",
      year: 2025,
      arxiv: "2408.11104",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  properties: {
    nonConflicting: "yes",
    scaleFree: "yes",
    length: 1,
    sumWithoutConflict: "no",
    orderFree: "yes",
  },
  options: z.object({
    preference: z
      .array(z.number().gt(0))
      .optional()
      .describe("Wanted projections ω on the unit gradients, one number a task, in the order of the tasks; equal where left out."),
  }),
  start: () => ({}),
  objection: ({ preference }, names) => listRefusal("preference", preference, names),
  weigh: (input, state, { preference }) => ({ ...equalAngles(gramOf(input), listed(preference, input.tasks, 1)), state }),
});

/**
 * ConFIG's weights of the rows with this Gram matrix, for cosines in proportion to `preference` (all alike where left out); 0 and
 * "stationary" where there is no such direction.
 */
export function equalAngles(gram: Gram, preference: readonly number[] = gram.map(() => 1)): Weighing {
  const lengths = lengthsOf(gram);
  const ones = lengths.map((length) => (length > 0 ? 1 : 0));
  const wanted = preference.map((value, i) => value * (ones[i] ?? 0));
  const unit = correlationOf(gram, lengths).map((row, i) => row.map((value) => value * (ones[i] ?? 0)));
  const eigen = eigenOf(unit);
  const x = applySpectrum(eigen, rankOf(eigen), (value) => 1 / value, wanted);
  const projections = products(unit, x);
  const squared = dot(projections, x);
  if (!(squared > 1e-12)) return { weights: ones.map(() => 0), status: "stationary" };
  // Gradients that depend on each other may leave no direction with these angles; the least-squares one may then hurt a task.
  const reached = projections.every((value, i) => Math.abs(value - (wanted[i] ?? 0)) <= 1e-6 * Math.max(...wanted));
  // d = (Σ n_i û_i·û) û with û = Σ x_i û_i / ‖x‖.
  const length = dot(projections, lengths) / squared;
  return {
    weights: x.map((value, i) => ((lengths[i] ?? 0) > 0 ? (value * length) / (lengths[i] ?? 1) : 0)),
    status: reached ? "ok" : "infeasible",
  };
}

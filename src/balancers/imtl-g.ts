import { z } from "zod";
import { defineBalancer, gramOf, type Weighing } from "./balancer.ts";
import { imtlPaper } from "./imtl-l.ts";
import { applySpectrum, eigenOf, rankOf } from "./kernels/eigen.ts";
import { correlationOf, lengthsOf, products, total, type Gram } from "./kernels/vectors.ts";

/** The option of how equal projections are found; the whole of IMTL has it too. */
export const solverOption = {
  solver: z
    .enum(["guarded", "pinv"])
    .default("guarded")
    .describe("Guarded against dependent gradients and a turned sign, or the bare pseudo-inverse."),
};

/**
 * IMTL-G (Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021): equal projections of the direction on every task's unit
 * gradient, weights with sum 1: `w ∝ G⁻¹ (n_1 … n_K)`, solved in unit rows. Two tasks have the closed form (n_2, n_1) / (n_1 + n_2).
 *
 * For K ≥ 3 the sum of the solution can be negative, which would turn the direction against every task; it is then kept
 * positive and normalised by the sum of the magnitudes. Where no equal projection exists (dependent rows) the weights are
 * uniform over 1/n_i, status "infeasible". A zero row of two: weight 1 there, direction 0, "stationary".
 * `solver: pinv` keeps the bare pseudo-inverse for every K, its sign flips included, as some libraries have it.
 */
export const imtlG = defineBalancer({
  id: "imtl-g",
  title: "IMTL-G",
  summary: "Gives the direction the same projection on every task's gradient.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [imtlPaper],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  properties: {
    nonConflicting: "yes",
    scaleFree: "yes",
    length: 1,
    sumWithoutConflict: "no",
    orderFree: "yes",
    note: "With the bare pseudo-inverse the direction can turn against every task.",
  },
  options: z.object(solverOption),
  start: () => ({}),
  weigh: (input, state, { solver }) => ({ ...impartialWeights(gramOf(input), solver), state }),
});

/** Weights with sum 1 that give their combination equal projections on the unit rows of this Gram matrix. */
export function impartialWeights(gram: Gram, solver: "guarded" | "pinv"): Weighing {
  const lengths = lengthsOf(gram);
  if (gram.length === 1) return { weights: [1], status: (lengths[0] ?? 0) > 0 ? "ok" : "stationary" };
  if (Math.max(...lengths) === 0) return { weights: lengths.map(() => 1 / lengths.length), status: "stationary" };
  if (solver === "pinv") return pseudoInverse(gram, lengths);
  const [first = 0, second = 0] = lengths;
  if (gram.length > 2) return equalProjections(correlationOf(gram, lengths), lengths);
  const opposite = (gram[0]?.[1] ?? 0) <= -first * second * (1 - 1e-15);
  return { weights: [second / (first + second), first / (first + second)], status: opposite ? "stationary" : "ok" };
}

function equalProjections(unit: readonly (readonly number[])[], lengths: readonly number[]) {
  const ones = lengths.map((length) => (length > 0 ? 1 : 0));
  const eigen = eigenOf(unit);
  const solution = applySpectrum(eigen, rankOf(eigen), (value) => 1 / value, ones);
  const projected = products(unit, solution);
  const equal = projected.every((value, i) => Math.abs(value - (ones[i] ?? 0)) <= 1e-6);
  const raw = (equal ? solution : ones).map((value, i) => ((lengths[i] ?? 0) > 0 ? value / (lengths[i] ?? 1) : 0));
  const sum = total(raw);
  const size = total(raw.map(Math.abs));
  const divisor = sum > 1e-12 * size ? sum : size;
  const status = equal ? ("ok" as const) : ("infeasible" as const);
  return { weights: raw.map((value) => value / divisor), status };
}

function pseudoInverse(gram: Gram, lengths: readonly number[]) {
  const eigen = eigenOf(gram);
  const solution = applySpectrum(eigen, rankOf(eigen), (value) => 1 / value, lengths);
  const sum = total(solution);
  if (Math.abs(sum) <= 1e-12 * total(solution.map(Math.abs))) return { weights: lengths.map(() => 0), status: "stationary" as const };
  return { weights: solution.map((value) => value / sum), status: "ok" as const };
}

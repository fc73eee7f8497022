import type { Demand, StepInput } from "../../balancers/balancer.ts";
import { squaredNorm, type JacobianRow } from "./gram.ts";
import { productsOf, type Products } from "./products.ts";

/** What is more than the losses. */
export type Measurable = Exclude<Demand["needs"], "losses">;

/** What a method is given of the gradients in place of themselves. */
export type Measured = Pick<StepInput, "norms" | "gram">;

export function norm(row: JacobianRow): number {
  return Math.sqrt(squaredNorm(row));
}

/** What a method needs beside the losses, and no more. */
export function measure(rows: readonly JacobianRow[], needs: Measurable): Measured {
  return needs === "norms" ? { norms: rows.map(norm) } : given(productsOf(rows), needs);
}

export function given(products: Products, needs: Measurable): Measured {
  return ofGram(products.gram(), needs);
}

export function ofGram(gram: readonly (readonly number[])[], needs: Measurable): Measured {
  const norms = gram.map((row, i) => Math.sqrt(row[i] ?? 0));
  return needs === "norms" ? { norms } : { gram, norms };
}

/** `J₁ J₂ᵀ`. */
export function crossGram([first, second]: readonly (readonly JacobianRow[])[]): Pick<StepInput, "crossGram"> {
  if (first === undefined || second === undefined) return {};
  const gram = productsOf([...first, ...second]).gram();
  return { crossGram: first.map((_, i) => second.map((__, j) => gram[i]?.[first.length + j] ?? 0)) };
}

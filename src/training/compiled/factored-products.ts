import type { GraphBuilder } from "./graph-builder.ts";

/** The second factors of the losses' gradients `HᵀD_i`, and the first one that they share. */
export interface ProductFactors {
  /** H: `[rows, inputs]` */
  readonly input: string;
  /** D: `[rows, losses, columns]` */
  readonly errors: string;
  readonly rows: number;
  readonly losses: number;
  readonly columns: number;
}

/** Rows of a block, at least: with fewer, the products themselves get slower. */
const fewestRows = 64;

/** How many blocks the rows are cut into. */
function blocksOf(rows: number): number {
  return Math.max(1, Math.min(4, Math.floor(rows / fewestRows)));
}

/** Of the multiplications with all of H Hᵀ, the share that is made. */
export function shareOfProducts(rows: number): number {
  return (1 + 1 / blocksOf(rows)) / 2;
}

/**
 * Matrices `[pieces, losses, losses]` M whose sum over all pieces, taken with its transpose, is twice the products of the gradients:
 *
 *   ⟨HᵀD_i, HᵀD_j⟩ = ⟨D_i, (H Hᵀ) D_j⟩ = ½ (⟨D_i, T D_j⟩ + ⟨T D_i, D_j⟩)   for H Hᵀ = ½ (T + Tᵀ)
 *
 * T is H Hᵀ with the blocks below its diagonal doubled and those above it left out, which is hardly more than half of the work.
 */
export function factoredProducts(graph: GraphBuilder, { input, errors, rows, losses, columns }: ProductFactors): readonly string[] {
  const flat = graph.reshape(errors, [rows, losses * columns]);
  const blocks = blocksOf(rows);
  return Array.from({ length: blocks }, (_, block) => {
    const [start, end] = [Math.round((block * rows) / blocks), Math.round(((block + 1) * rows) / blocks)];
    const own = graph.rows(input, start, end);
    const diagonal = graph.product(own, own, "right");
    const doubled = start === 0 ? [] : [graph.float32("Mul", [graph.product(own, graph.rows(input, 0, start), "right"), graph.float(2)])];
    const multiplied = graph.product(graph.joined([...doubled, diagonal], 1), graph.rows(flat, 0, end));
    const others = graph.reshape(multiplied, [end - start, losses, columns]);
    return graph.product(graph.reshape(graph.rows(flat, start, end), [end - start, losses, columns]), others, "right");
  });
}

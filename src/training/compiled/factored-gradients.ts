import type { VariableGradients } from "../gradients/way-back.ts";
import { shareOfProducts } from "./factored-products.ts";
import type { GraphNode } from "./graph-file.ts";
import { isSet, matrixShape, shapeOf, unshaped } from "./graph-shapes.ts";
import { GraphValues } from "./graph-values.ts";

/**
 * Gradients `G_i = Hᵀ D_i` of one matrix for several losses: what goes into the matrix product is the same for all of them. Their products
 * need no gradient, `⟨G_i, G_j⟩ = ⟨D_i, (H Hᵀ) D_j⟩`, nor does their weighted sum, `Hᵀ Σ w_i D_i`. (Goodfellow 2015, "Efficient
 * per-example gradient computations", has the same of single examples.)
 */
export interface FactoredGradients {
  /** H: `[rows, inputs]` */
  readonly input: string;
  /** D: `[rows, columns]` by position of the loss; undefined where it does not reach the matrix. */
  readonly errors: readonly (string | undefined)[];
  readonly rows: number;
  readonly columns: number;
  /** The variable whose gradients are the sums of the errors over the rows, as those of a layer's bias are. */
  readonly bias: number | undefined;
}

/**
 * By variable, of those that several losses reach: where products of the gradients are computed with less work from factors.
 *
 * @param shapes of variables, by id; one that is reshaped before it is multiplied by is left out
 */
export function factoredGradients(
  nodes: readonly GraphNode[],
  alone: readonly VariableGradients<string>[],
  shapes: ReadonlyMap<number, readonly number[]>,
): ReadonlyMap<number, FactoredGradients> {
  const values = new GraphValues(nodes);
  const found = new Map<number, FactoredGradients>();
  for (const [id, shape] of shapes) {
    const factors = alone.map((gradients) => {
      const gradient = gradients.get(id);
      return gradient === undefined ? undefined : factorsOf(values, gradient);
    });
    const some = factors.find((each) => each !== undefined);
    const areAll = factors.every((each, position) => each?.input === some?.input || alone[position]?.has(id) === false);
    if (some === undefined || !areAll || !isLessWork(some, alone.length)) continue;
    const { input, rows, inputs, columns } = some;
    if (shape.length !== 2 || shape[0] !== inputs || shape[1] !== columns) continue;
    const errors = factors.map((each) => each?.error);
    const bias = [...shapes.keys()].find((other) =>
      areSumsOf(
        values,
        { errors, columns },
        alone.map((gradients) => gradients.get(other)),
      ),
    );
    found.set(id, { input, errors, rows, columns, bias });
  }
  return found;
}

/** Whether each of these is the sum of an error over its rows. */
function areSumsOf(
  values: GraphValues<GraphNode>,
  { errors, columns }: Pick<FactoredGradients, "errors" | "columns">,
  sums: readonly (string | undefined)[],
): boolean {
  return errors.every((error, position) => {
    const sum = sums[position];
    if (error === undefined || sum === undefined) return error === sum;
    const { node } = values.find(unshaped(values, sum));
    const [summed = "", axes = ""] = node.inputs;
    if (node.operation !== "Sum" || unshaped(values, summed) !== unshaped(values, error)) return false;
    const { constant } = values.find(axes).node;
    const shape = shapeOf(values, summed) ?? [];
    // Reshaped, errors may have their columns in several rows.
    return (
      shape.at(-1) === columns &&
      constant?.values.length === shape.length - 1 &&
      [...constant.values].every((axis, place) => Number(axis) === place)
    );
  });
}

interface Factors {
  readonly input: string;
  readonly error: string;
  readonly rows: number;
  readonly inputs: number;
  readonly columns: number;
}

/** Undefined where the gradient is no such product. */
function factorsOf(values: GraphValues<GraphNode>, gradient: string): Factors | undefined {
  const { node } = values.find(gradient);
  const [input = "", error = ""] = node.inputs;
  if (node.operation === "Reshape") return factorsOf(values, input);
  if (node.operation !== "BatchMatMulV2" || !isSet(node, "adj_x") || isSet(node, "adj_y")) return undefined;
  const [left, right] = [matrixShape(values, input), matrixShape(values, error)];
  return left === undefined || right === undefined
    ? undefined
    : { input, error, rows: left.rows, inputs: left.columns, columns: right.columns };
}

/** In multiplications. The last share is for the operations that more of them take. */
function isLessWork({ rows, inputs, columns }: Factors, losses: number): boolean {
  const formed = losses * rows * inputs * columns + losses ** 2 * inputs * columns;
  const products = shareOfProducts(rows) * rows * rows * (inputs + losses * columns) + losses ** 2 * rows * columns;
  const factored = products + rows * inputs * columns;
  return factored < 0.9 * formed - 1e6;
}

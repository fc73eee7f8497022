import type { GraphNode } from "./graph-file.ts";
import { GraphBuilder, integer } from "./graph-builder.ts";
import type { FactoredGradients } from "./factored-gradients.ts";
import { factoredProducts } from "./factored-products.ts";
import { fedAs, type RecordedWay } from "./recorded-pass.ts";

/** Products of what the losses give the common variables, and what a motion combines it from. */
export interface HeldProductValues {
  /** By variable: its gradients, or second factors of them with a piece a row, `[pieces, losses, length]`. */
  readonly packed: ReadonlyMap<number, string>;
  /** By variable whose gradients are left as factors: the first one, `[rows, inputs]`. */
  readonly inputs: ReadonlyMap<number, string>;
  /**
   * `[pieces, losses, losses]`, whose sum, taken with its transpose, is twice the products of the gradients; undefined where nothing is
   * common.
   */
  readonly products: string | undefined;
  /** By position of the loss: ¼ Σ ‖H‖² ‖D‖² over the gradients that are left as factors, `[losses]`; undefined where none is. */
  readonly scales: string | undefined;
}

/** What a graph computes of its gradients for a step that leaves them where they are, by the names of the values. */
export interface HeldValues {
  readonly nodes: readonly GraphNode[];
  readonly formed: HeldProductValues;
  /** The same from factors; undefined where that is more work. */
  readonly factored: HeldProductValues | undefined;
  /** By common variable: Σ w_i g_i of gradients that are computed one by one; empty where there are more of them than `mostApart`. */
  readonly sums: ReadonlyMap<number, string>;
  /** ½ ‖Σ w_i g_i‖² of the common variables; undefined where nothing is common. */
  readonly sumSquare: string | undefined;
  /** By position of the loss: ½ ‖g‖² of the common variables; undefined where it reaches none. */
  readonly aloneSquares: readonly (string | undefined)[];
  /** By position of the loss: ½ ‖g‖² of the variables that it alone reaches; undefined where there are none. */
  readonly ownSquares: readonly (string | undefined)[];
}

/**
 * Elements of which products are summed in single precision at a time; the sums of the pieces are added up in double precision. TensorFlow
 * adds such products one after the other, and over a whole layer's weights the last of them would be rounded away.
 */
const longestPiece = 16_384;

export interface Pieces {
  readonly pieces: number;
  readonly length: number;
}

/** The fewest pieces of equal length that `size` elements can be cut into; one piece where it has no such divisor. */
export function piecesOf(size: number): Pieces {
  for (let pieces = Math.ceil(size / longestPiece); pieces <= size / 64; pieces++) {
    if (size % pieces === 0) return { pieces, length: size / pieces };
  }
  return { pieces: 1, length: size };
}

/** Of every piece the same so many numbers, added up in double precision. */
export function summedPieces(pieces: Float32Array, length: number): Float64Array {
  const sums = new Float64Array(length);
  for (let start = 0; start < pieces.length; start += length) {
    for (let at = 0; at < length; at++) sums[at] = (sums[at] ?? 0) + (pieces[start + at] ?? 0);
  }
  return sums;
}

/** Losses whose gradients are better read one by one, and multiplied while they are read: TensorFlow multiplies those of more of them faster. */
export const mostApart = 4;

/**
 * @param sizes elements by variable id
 * @param factored gradients of which products are computed from factors
 */
export function heldNodes(
  { own, alone, summed }: RecordedWay,
  sizes: ReadonlyMap<number, number>,
  factored: ReadonlyMap<number, FactoredGradients>,
): HeldValues {
  const graph = new GraphBuilder("h");
  const gradients: readonly CommonGradients[] = [...summed.keys()].map((id) => ({
    id,
    size: sizes.get(id) ?? 0,
    rows: alone.map((each) => each.get(id)),
  }));
  return {
    formed: productNodes(graph, gradients, new Map()),
    factored: factored.size === 0 ? undefined : productNodes(graph, gradients, factored),
    sums: new Map(alone.length > mostApart ? [] : gradients.map(({ id, rows }) => [id, weightedSum(graph, rows)])),
    aloneSquares: alone.map((each) => total(graph, [...each.values()])),
    sumSquare: total(graph, [...summed.values()]),
    ownSquares: alone.map((_, position) =>
      total(
        graph,
        [...own.values()].flatMap(({ loss, values }) => (loss === position ? [values] : [])),
      ),
    ),
    nodes: graph.nodes,
  };
}

/** What each loss gives one variable; undefined where it does not reach it. */
interface CommonGradients {
  readonly id: number;
  readonly size: number;
  readonly rows: readonly (string | undefined)[];
}

function productNodes(
  graph: GraphBuilder,
  gradients: readonly CommonGradients[],
  factored: ReadonlyMap<number, FactoredGradients>,
): HeldProductValues {
  const packed = new Map<number, string>();
  const inputs = new Map<number, string>();
  const products: string[] = [];
  const scales: string[] = [];
  const biases = new Map<number, string>();
  for (const [id, factors] of factored) {
    const { rows, columns, bias } = factors;
    const losses = factors.errors.length;
    const errors = packedRows(graph, factors.errors, [rows, columns]);
    const input = graph.reshape(factors.input, [rows, -1]);
    packed.set(id, errors);
    inputs.set(id, input);
    products.push(...factoredProducts(graph, { input, errors, rows, losses, columns }));
    scales.push(scalesOf(graph, factors));
    if (bias !== undefined) biases.set(bias, summedOverRows(graph, errors, [rows, losses, columns]));
  }
  for (const { id, size, rows } of gradients.filter((each) => !factored.has(each.id))) {
    const { pieces, length } = piecesOf(size);
    const all = (pieces === 1 ? biases.get(id) : undefined) ?? packedRows(graph, rows, [pieces, length]);
    packed.set(id, all);
    products.push(graph.product(all, all, "right"));
  }
  return {
    packed,
    inputs,
    products: products.length === 0 ? undefined : graph.joined(products, 0),
    scales: graph.sum(scales),
  };
}

/** `[pieces, losses, length]`, with zeros for what is not there. */
function packedRows(graph: GraphBuilder, rows: readonly (string | undefined)[], shape: readonly [pieces: number, length: number]): string {
  const some = rows.find((row) => row !== undefined) ?? missing();
  let nothing: string | undefined;
  const stacked = rows.map((row) => graph.reshape(row ?? (nothing ??= graph.float32("ZerosLike", [some])), shape));
  return graph.float32("Pack", stacked, [integer("N", rows.length), integer("axis", 1)]);
}

function weightedSum(graph: GraphBuilder, rows: readonly (string | undefined)[]): string {
  const weighted = rows.flatMap((row, position) => (row === undefined ? [] : [graph.float32("Mul", [row, `${fedAs.weight(position)}:0`])]));
  return graph.sum(weighted) ?? missing();
}

/** `[1, losses, columns]`, as a matrix product: TensorFlow's sum over the first axis takes three times as long. */
function summedOverRows(graph: GraphBuilder, errors: string, [rows, losses, columns]: readonly [number, number, number]): string {
  const ones = graph.filled([1, rows], 1);
  const flat = graph.reshape(errors, [rows, losses * columns]);
  const sums = graph.product(ones, flat);
  return graph.reshape(sums, [1, losses, columns]);
}

/** ¼ ‖H‖² ‖D_i‖² */
function scalesOf(graph: GraphBuilder, { input, errors }: FactoredGradients): string {
  const half = graph.float32("L2Loss", [input]);
  const each = errors.map((error) =>
    error === undefined ? graph.float(0) : graph.float32("Mul", [half, graph.float32("L2Loss", [error])]),
  );
  return graph.float32("Pack", each, [integer("N", each.length), integer("axis", 0)]);
}

/** ½ Σ ‖v‖². */
function total(graph: GraphBuilder, values: readonly string[]): string | undefined {
  const halves = values.map((value) => graph.float32("L2Loss", [value]));
  return graph.sum(halves);
}

function missing(): never {
  throw new RangeError("A variable that several losses reach has no gradient.");
}

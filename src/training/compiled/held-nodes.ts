import { typeAttribute, type GraphNode } from "./graph-file.ts";
import { elementType, flag, GraphBuilder, integer } from "./graph-builder.ts";
import type { RecordedWay } from "./recorded-pass.ts";

/** What a graph computes of its gradients for a step that leaves them where they are, by the names of the values. */
export interface HeldValues {
  readonly nodes: readonly GraphNode[];
  /** By variable that several losses reach: their gradients, `[pieces, losses, length]`. */
  readonly packed: ReadonlyMap<number, string>;
  /** Products of the gradients, `[pieces, losses, losses]`, to be added up; undefined where nothing is common. */
  readonly products: string | undefined;
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

/** @param sizes elements by variable id */
export function heldNodes({ own, alone, summed }: RecordedWay, sizes: ReadonlyMap<number, number>): HeldValues {
  const graph = new GraphBuilder("h");
  const losses = alone.length;
  const packed = new Map<number, string>();
  const products: string[] = [];
  for (const id of summed.keys()) {
    const { pieces, length } = piecesOf(sizes.get(id) ?? 0);
    const some = alone.flatMap((gradients) => gradients.get(id) ?? [])[0];
    if (some === undefined) continue;
    let nothing: string | undefined;
    const rows = alone.map((gradients) => gradients.get(id) ?? (nothing ??= graph.float32("ZerosLike", [some])));
    const stacked = rows.map((row) => graph.reshape(row, [pieces, length]));
    const all = graph.float32("Pack", stacked, [integer("N", losses), integer("axis", 1)]);
    packed.set(id, all);
    products.push(graph.float32("BatchMatMulV2", [all, all], [flag("adj_x", false), flag("adj_y", true)]));
  }
  return {
    packed,
    products: joined(graph, products),
    aloneSquares: alone.map((gradients) => total(graph, [...gradients.values()])),
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

function joined(graph: GraphBuilder, parts: readonly string[]): string | undefined {
  if (parts.length < 2) return parts[0];
  const axis = graph.scalarInteger(0);
  return graph.float32("ConcatV2", [...parts, axis], [integer("N", parts.length), typeAttribute("Tidx", elementType.int32)]);
}

/** ½ Σ ‖v‖². */
function total(graph: GraphBuilder, values: readonly string[]): string | undefined {
  const halves = values.map((value) => graph.float32("L2Loss", [value]));
  return halves.length < 2 ? halves[0] : graph.float32("AddN", halves, [integer("N", halves.length)]);
}

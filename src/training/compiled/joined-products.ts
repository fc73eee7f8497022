import { elementType, GraphBuilder, nodeOf } from "./graph-builder.ts";
import { typeAttribute, type GraphNode } from "./graph-file.ts";
import { isSet, matrixShape, shapeOf, unshaped } from "./graph-shapes.ts";
import { GraphValues } from "./graph-values.ts";
import type { RecordedPass } from "./recorded-pass.ts";

/** Columns that a product has at most to be one of several: wider ones are as fast alone. */
const mostColumns = 16;

/**
 * The same pass, where products of one matrix with several narrow ones, as the tasks' heads make them with the representation, and their ways
 * back with its transpose, are one product with all of them side by side. TensorFlow takes longer for one column than for ten.
 */
export function withJoinedProducts(recorded: RecordedPass<GraphNode>): RecordedPass<GraphNode> {
  const { nodes, boundary, back } = recorded;
  const values = new GraphValues(nodes);
  // Other gradients are not always asked for together.
  const owned = new Set([...back.own.values()].map(({ values: value }) => nodeOf(unshaped(values, value))));
  const regions = [nodes.slice(0, boundary), nodes.slice(boundary).filter(({ name }) => owned.has(name))];
  const groups = regions.flatMap((region) => productsByMatrix(values, region));
  return groups.reduce((joined, group, index) => withJoined(joined, group, `j${String(index)}n`) ?? joined, recorded);
}

/** Undefined where one of the products waits for another. */
function withJoined(
  recorded: RecordedPass<GraphNode>,
  products: readonly NarrowProduct[],
  prefix: string,
): RecordedPass<GraphNode> | undefined {
  const { nodes, boundary } = recorded;
  const graph = new GraphBuilder(prefix);
  const taken = joinProducts(graph, products);
  const changed = nodes.map((node) => taken.get(node.name) ?? node);
  const forward = sorted(changed.slice(0, boundary), graph.nodes, new Set());
  const later = forward && sorted(changed.slice(boundary), graph.nodes, new Set(forward.map(({ name }) => name)));
  return forward && later && { ...recorded, nodes: [...forward, ...later], boundary: forward.length };
}

interface NarrowProduct {
  readonly node: GraphNode;
  readonly columns: number;
  /** Whether the second matrix is taken as its transpose. */
  readonly transposes: boolean;
}

/** Those of two and more. */
function productsByMatrix(values: GraphValues<GraphNode>, nodes: readonly GraphNode[]): readonly (readonly NarrowProduct[])[] {
  const groups = new Map<string, NarrowProduct[]>();
  for (const node of nodes) {
    const [left = "", right = ""] = node.inputs;
    const columns = node.operation === "BatchMatMulV2" ? node.shapes?.[0]?.at(-1) : undefined;
    if (columns === undefined || columns > mostColumns || node.outputs[0] !== elementType.float) continue;
    const shape = shapeOf(values, left);
    const areMatrices = [left, right].every((value) => matrixShape(values, value) !== undefined);
    if (shape === undefined || !areMatrices || shape.length !== shapeOf(values, right)?.length) continue;
    const kind = [unshaped(values, left), ...shape, isSet(node, "adj_x"), isSet(node, "adj_y")].join();
    groups.set(kind, [...(groups.get(kind) ?? []), { node, columns, transposes: isSet(node, "adj_y") }]);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

/** The nodes that stand for them, by their names: each takes its columns of one product. */
function joinProducts(graph: GraphBuilder, products: readonly NarrowProduct[]): ReadonlyMap<string, GraphNode> {
  const taken = new Map<string, GraphNode>();
  const [first] = products;
  const rank = first?.node.shapes?.[0]?.length;
  if (first === undefined || rank === undefined) return taken;
  const others = products.map(({ node }) => node.inputs[1] ?? "");
  const side = graph.joined(others, first.transposes ? rank - 2 : rank - 1);
  const whole = graph.operation("BatchMatMulV2", [first.node.inputs[0] ?? "", side], first.node.attributes, first.node.outputs);
  let start = 0;
  for (const { node, columns } of products) {
    const zeros = Array<number>(rank - 1).fill(0);
    const inputs = [whole, graph.integers([...zeros, start]), graph.integers([...zeros.map(() => -1), columns])];
    const attributes = [typeAttribute("T", elementType.float), typeAttribute("Index", elementType.int32)];
    taken.set(node.name, { ...node, operation: "Slice", inputs, attributes });
    start += columns;
  }
  return taken;
}

/**
 * The nodes, and those of `others` that they take in, each after what it takes in, else in their order; undefined where a node would wait for
 * itself.
 *
 * @param made names of nodes that are there before
 */
function sorted(nodes: readonly GraphNode[], others: readonly GraphNode[], made: ReadonlySet<string>): readonly GraphNode[] | undefined {
  const byName = new Map([...others, ...nodes].map((node) => [node.name, node]));
  const placed = new Set(made);
  const waiting = new Set<string>();
  const order: GraphNode[] = [];
  for (const start of nodes) {
    const open = [start];
    for (let node = open.at(-1); node !== undefined; node = open.at(-1)) {
      const missing = placed.has(node.name) ? [] : node.inputs.map(nodeOf).filter((name) => !placed.has(name));
      if (missing.length === 0) {
        if (!placed.has(node.name)) order.push(node);
        placed.add(node.name);
        open.pop();
        continue;
      }
      if (waiting.has(node.name)) return undefined;
      waiting.add(node.name);
      open.push(...missing.flatMap((name) => byName.get(name) ?? []));
    }
  }
  return order;
}

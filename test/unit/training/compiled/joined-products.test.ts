import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { elementType, flag, GraphBuilder, nodeOf } from "../../../../src/training/compiled/graph-builder.ts";
import { typeAttribute, type GraphNode } from "../../../../src/training/compiled/graph-file.ts";
import { withJoinedProducts } from "../../../../src/training/compiled/joined-products.ts";
import { nativeBackend } from "../../../../src/training/compiled/native-binding.ts";
import { recordNative } from "../../../../src/training/compiled/native-recorder.ts";
import { recordPass, type RecordedPass } from "../../../../src/training/compiled/recorded-pass.ts";
import { inTensorScope } from "../../../../src/training/tensor-scope.ts";
import { describeOn } from "../../backends.ts";
import { Fixture } from "./pass-fixture.ts";
import { shaped } from "./shaped.ts";

function products(nodes: readonly GraphNode[]): number {
  return nodes.filter(({ operation }) => operation === "BatchMatMulV2").length;
}

/** Names that are taken in before they are there. */
function early(nodes: readonly GraphNode[]): readonly string[] {
  const there = new Set<string>();
  return nodes.flatMap((node) => {
    const missing = node.inputs.map(nodeOf).filter((name) => !there.has(name));
    there.add(node.name);
    return missing;
  });
}

/** A product of matrices of which the sizes are known. */
function product(graph: GraphBuilder, left: string, right: string, shape: readonly number[], type: number = elementType.float): string {
  const attributes = [typeAttribute("T", type), flag("adj_x", false), flag("adj_y", false)];
  return shaped(graph, graph.operation("BatchMatMulV2", [left, right], attributes, [type]), shape);
}

function input(graph: GraphBuilder, name: string, shape: readonly number[], type?: number): string {
  return shaped(graph, graph.placeholder(name, shape, type), shape);
}

function forwardOnly(nodes: readonly GraphNode[]): RecordedPass<GraphNode> {
  const back = { own: new Map(), representation: [], alone: [], summed: new Map() };
  return { nodes, boundary: nodes.length, noise: [], checks: [], outputs: [], losses: [], statistics: [], back };
}

describeOn("native")("A recording on native", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  test("makes the heads' products with the representation as one, and those of their ways back", () => {
    const native = nativeBackend();
    if (native === undefined) throw new Error("This is the native backend.");
    const fixture = new Fixture([{ dense: { units: 40, activation: "tanh" } }], [5]);
    const recorded = inTensorScope(() => {
      const options = { standIns: false, checksInputs: true };
      return recordPass<GraphNode>((run) => recordNative(native, run), fixture.parts, fixture.batch(), options);
    });
    const joined = withJoinedProducts(recorded);
    const [before, after] = [recorded, joined].map(({ nodes, boundary }) => [nodes.slice(0, boundary), nodes.slice(boundary)] as const);
    expect(products(after?.[0] ?? [])).toBe(products(before?.[0] ?? []) - 2);
    expect(products(after?.[1] ?? [])).toBe(products(before?.[1] ?? []) - 2);
    expect(early(joined.nodes)).toEqual([]);
    fixture.model.dispose();
  });
});

test("Products of one matrix of which one needs the other are left as they are, and others are joined all the same", () => {
  const graph = new GraphBuilder("n");
  const other = input(graph, "z", [4, 4]);
  for (const name of ["v", "w"]) product(graph, other, input(graph, name, [4, 2]), [4, 2]);
  const before = graph.nodes.length;
  const matrix = input(graph, "x", [4, 4]);
  const first = product(graph, matrix, input(graph, "y", [4, 2]), [4, 2]);
  product(graph, matrix, first, [4, 2]);
  const recorded = forwardOnly(graph.nodes.slice(before));
  expect(withJoinedProducts(recorded)).toBe(recorded);
  const joined = withJoinedProducts(forwardOnly(graph.nodes));
  expect([products(graph.nodes), products(joined.nodes)]).toEqual([4, 3]);
  expect(early(joined.nodes)).toEqual([]);
});

test("Products of whole numbers are left as they are", () => {
  const graph = new GraphBuilder("n");
  const matrix = input(graph, "x", [4, 4], elementType.int32);
  for (const name of ["y", "z"]) {
    product(graph, matrix, input(graph, name, [4, 2], elementType.int32), [4, 2], elementType.int32);
  }
  const recorded = forwardOnly(graph.nodes);
  expect(withJoinedProducts(recorded)).toBe(recorded);
});

test("Wide products are left as they are", () => {
  const graph = new GraphBuilder("n");
  const matrix = input(graph, "x", [4, 4]);
  for (const name of ["y", "z"]) product(graph, matrix, input(graph, name, [4, 17]), [4, 17]);
  const recorded = forwardOnly(graph.nodes);
  expect(withJoinedProducts(recorded)).toBe(recorded);
});

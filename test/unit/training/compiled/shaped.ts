import type { GraphBuilder } from "../../../../src/training/compiled/graph-builder.ts";

/** Tells the shape of the value that was written last, as recorded nodes do. */
export function shaped(graph: GraphBuilder, value: string, shape: readonly number[]): string {
  const node = graph.nodes.pop();
  if (node === undefined) throw new Error("There is no node.");
  graph.nodes.push({ ...node, shapes: [shape] });
  return value;
}

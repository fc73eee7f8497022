import type { GraphNode } from "./graph-file.ts";
import type { GraphValues } from "./graph-values.ts";

/** Undefined where it is not known. */
export function shapeOf(values: GraphValues<GraphNode>, value: string): readonly number[] | undefined {
  const { node, output } = values.find(value);
  return node.shapes?.[output] ?? node.constant?.shape;
}

/** The value that it is another shape of; the value itself where it is none. */
export function unshaped(values: GraphValues<GraphNode>, value: string): string {
  const { node } = values.find(value);
  const [input] = node.inputs;
  return node.operation === "Reshape" && input !== undefined ? unshaped(values, input) : value;
}

/** Of a matrix, or of the only one in a stack; undefined of anything else. */
export function matrixShape(values: GraphValues<GraphNode>, value: string): { rows: number; columns: number } | undefined {
  const [columns, rows, ...others] = [...(shapeOf(values, value) ?? [])].reverse();
  return columns === undefined || rows === undefined || others.some((size) => size !== 1) ? undefined : { rows, columns };
}

export function isSet({ attributes }: Pick<GraphNode, "attributes">, name: string): boolean {
  return attributes.find((each) => each.name === name)?.value === true;
}

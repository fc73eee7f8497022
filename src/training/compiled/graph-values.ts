import type { ValueNode } from "./trace.ts";

interface FoundValue<Node extends ValueNode> {
  readonly node: Node;
  readonly position: number;
  readonly output: number;
  /** What the node knows of this output. */
  readonly type: Node["outputs"][number];
}

/** Finds the nodes of a graph by the names of their values, `node:output`. */
export class GraphValues<Node extends ValueNode> {
  readonly nodes: readonly Node[];
  readonly #positions: ReadonlyMap<string, number>;

  constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
    this.#positions = new Map(nodes.map(({ name }, position) => [name, position]));
  }

  /** Throws `RangeError` where there is no such value. */
  find(value: string): FoundValue<Node> {
    const colon = value.lastIndexOf(":");
    const position = this.#positions.get(value.slice(0, colon)) ?? -1;
    const output = Number(value.slice(colon + 1));
    const node = this.nodes[position];
    const type = node?.outputs[output];
    if (node === undefined || type === undefined) throw new RangeError(`A recording has no value ${value}.`);
    return { node, position, output, type };
  }

  /** Positions of the nodes that compute `values` from those in `given`, increasing. */
  leadingTo(values: readonly string[], given: ReadonlySet<string>): readonly number[] {
    const found = new Set<number>();
    const open = values.filter((value) => !given.has(value));
    for (let value = open.pop(); value !== undefined; value = open.pop()) {
      const { node, position } = this.find(value);
      if (found.has(position)) continue;
      found.add(position);
      open.push(...node.inputs.filter((input) => !given.has(input)));
    }
    return [...found].sort((a, b) => a - b);
  }

  /**
   * Values of the nodes before `boundary` from which those after it compute `wanted`, placeholders and constants left out: with these, and
   * nothing else but what is fed, `wanted` can be computed later.
   */
  cutBefore(boundary: number, wanted: readonly string[]): readonly string[] {
    const cut = new Set<string>();
    const isMade = (value: string): boolean => {
      const { node, position } = this.find(value);
      return position < boundary && node.operation !== "Placeholder" && node.operation !== "Const";
    };
    for (const value of wanted) if (isMade(value)) cut.add(value);
    for (const position of this.leadingTo(wanted, cut)) {
      if (position < boundary) continue;
      for (const input of this.nodes[position]?.inputs ?? []) if (isMade(input)) cut.add(input);
    }
    return [...cut];
  }
}

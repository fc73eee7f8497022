import { util } from "@tensorflow/tfjs-core";
import type { KernelNode } from "./kernel-node.ts";

/**
 * What is left of a recording where some of the weights of a sum are 1: what would be multiplied by them is taken as it is. Nodes keep
 * their places and names.
 */
export class Weightless {
  readonly nodes: readonly KernelNode[];
  readonly #sources: ReadonlyMap<string, string>;

  /** @param ones names of the nodes of weights that are 1 */
  constructor(nodes: readonly KernelNode[], ones: ReadonlySet<string>) {
    const sources = new Map<string, string>();
    for (const node of nodes) {
      const source = productWithOne(node, ones);
      if (source !== undefined) sources.set(`${node.name}:0`, sources.get(source) ?? source);
    }
    this.#sources = sources;
    this.nodes = nodes.map((node) => ({ ...node, inputs: node.inputs.map((value) => this.of(value)) }));
  }

  /** The value that is to be taken for this one. */
  of(value: string): string {
    return this.#sources.get(value) ?? value;
  }
}

/** The other factor. */
function productWithOne({ operation, inputs, seen, outputs }: KernelNode, ones: ReadonlySet<string>): string | undefined {
  if (operation !== "Multiply") return undefined;
  const place = inputs.findIndex((value) => ones.has(value.replace(/:0$/, "")));
  const [other, shape] = [inputs[1 - place], seen[1 - place]?.shape];
  if (place < 0 || shape === undefined) return undefined;
  return util.arraysEqual([...shape], [...(outputs[0]?.shape ?? [])]) ? other : undefined;
}

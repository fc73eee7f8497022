import type { OperationWatch } from "../passes/recordings.ts";
import { typeAttribute, type GraphNode } from "./graph-file.ts";
import type { GraphValues } from "./graph-values.ts";
import type { NativeBinding, NativeTensor } from "./native-binding.ts";

/**
 * Runs the operations of a recording one after the other, as they were when it was recorded: slower than a graph, and the measure of it.
 */
export class Interpreter {
  readonly #binding: NativeBinding;
  readonly #values: GraphValues<GraphNode>;

  constructor(binding: NativeBinding, values: GraphValues<GraphNode>) {
    this.#binding = binding;
    this.#values = values;
  }

  /**
   * `wanted`, none of which is named twice. The caller deletes them. Feeds are values, or names of placeholders. `watch` is told of each
   * operation.
   */
  run(feeds: ReadonlyMap<string, number>, wanted: readonly string[], watch?: OperationWatch): NativeTensor[] {
    const ids = new Map([...feeds].map(([name, id]) => [name.includes(":") ? name : `${name}:0`, id]));
    const given = new Set(ids.keys());
    const made: number[] = [];
    const idOf = (value: string): number => {
      const id = ids.get(value);
      if (id === undefined) throw new RangeError(`A recording was not fed with ${value}.`);
      return id;
    };
    try {
      for (const position of this.#values.leadingTo(wanted, given)) {
        const node = this.#values.nodes[position];
        if (node === undefined) continue;
        const results =
          node.constant === undefined
            ? this.#execute(node, node.inputs.map(idOf), watch).map(({ id }) => id)
            : [this.#binding.createTensor(node.constant.shape, node.constant.type, node.constant.values)];
        results.forEach((id, output) => ids.set(`${node.name}:${String(output)}`, id));
        made.push(...results);
      }
      return wanted.map((value) => this.#copied(idOf(value), this.#values.find(value).type));
    } finally {
      for (const id of made) this.#binding.deleteTensor(id);
    }
  }

  #execute({ operation, attributes, outputs }: GraphNode, inputs: readonly number[], watch: OperationWatch | undefined): NativeTensor[] {
    const started = performance.now();
    const made = this.#binding.executeOp(operation, attributes, inputs, outputs.length);
    watch?.({
      operation,
      ms: performance.now() - started,
      outputs: made.map(({ shape, dtype }) => ({ shape, bytes: shape.reduce((size, length) => size * length, this.#bytesOf(dtype)) })),
    });
    return made;
  }

  /** Of one element. TensorFlow has 8 bytes for its 64-bit types alone, which no recording of 32-bit floats hands on. */
  #bytesOf(type: number): number {
    return type === this.#binding.TF_BOOL ? 1 : 4;
  }

  /** Shares the numbers. */
  #copied(id: number, type: number): NativeTensor {
    const [copy] = this.#binding.executeOp("Identity", [typeAttribute("T", type)], [id], 1);
    if (copy === undefined) throw new TypeError("TensorFlow copied nothing.");
    return copy;
  }
}

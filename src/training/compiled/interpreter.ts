import { typeAttribute } from "./graph-file.ts";
import type { GraphValues } from "./graph-values.ts";
import type { NativeBinding, NativeTensor } from "./native-binding.ts";

/** Runs the operations of a recording one after the other, as they were when it was recorded: slower than a graph, and the measure of it. */
export class Interpreter {
  readonly #binding: NativeBinding;
  readonly #values: GraphValues;

  constructor(binding: NativeBinding, values: GraphValues) {
    this.#binding = binding;
    this.#values = values;
  }

  /** `wanted`, none of which is named twice. The caller deletes them. Feeds are values, or names of placeholders. */
  run(feeds: ReadonlyMap<string, number>, wanted: readonly string[]): NativeTensor[] {
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
            ? this.#binding.executeOp(node.operation, node.attributes, node.inputs.map(idOf), node.outputs.length).map(({ id }) => id)
            : [this.#binding.createTensor(node.constant.shape, node.constant.type, node.constant.values)];
        results.forEach((id, output) => ids.set(`${node.name}:${String(output)}`, id));
        made.push(...results);
      }
      return wanted.map((value) => this.#copied(idOf(value), this.#values.find(value).type));
    } finally {
      for (const id of made) this.#binding.deleteTensor(id);
    }
  }

  /** Shares the numbers. */
  #copied(id: number, type: number): NativeTensor {
    const [copy] = this.#binding.executeOp("Identity", [typeAttribute("T", type)], [id], 1);
    if (copy === undefined) throw new TypeError("TensorFlow copied nothing.");
    return copy;
  }
}

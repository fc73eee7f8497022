import { agrees } from "./agreement.ts";
import { typeAttribute, type GraphNode } from "./graph-file.ts";
import { GraphValues } from "./graph-values.ts";
import { Interpreter } from "./interpreter.ts";
import type { NativeBinding, NativeTensor } from "./native-binding.ts";
import { NativeGraph } from "./native-graph.ts";

/** Told when a graph was not believed. */
export type Distrust = (why: string) => void;

/**
 * A recording as a graph that TensorFlow may rewrite as it likes, and does, for every set of values that it is asked for anew. So each set is
 * compared once with what the recorded operations come to, one after the other; where the two differ, these are run from then on.
 */
export class CheckedGraph {
  readonly values: GraphValues;
  readonly #binding: NativeBinding;
  readonly #interpreter: Interpreter;
  readonly #graph: NativeGraph;
  /** Values that can be asked for, by their names in the graph. */
  readonly #exported: ReadonlyMap<string, string>;
  /** Whether the graph is right, by what it is fed with and asked for. */
  readonly #trusted = new Map<string, boolean>();
  readonly #groups: readonly ReadonlySet<string>[];
  readonly #distrust: Distrust;

  /** @param groups values that can be asked for; those of a group are of one scale */
  constructor(binding: NativeBinding, nodes: readonly GraphNode[], groups: readonly (readonly string[])[], distrust: Distrust) {
    this.#binding = binding;
    this.values = new GraphValues(nodes);
    this.#interpreter = new Interpreter(binding, this.values);
    this.#distrust = distrust;
    this.#groups = groups.map((group) => new Set(group));
    const exports = [...new Set(groups.flat())].map((value, index) => exported(value, index, this.values.find(value).type));
    this.#exported = new Map(exports.map(({ name, inputs: [value = ""] }) => [value, `${name}:0`]));
    this.#graph = NativeGraph.load(binding, [...nodes, ...exports]);
  }

  /** The wanted values, of which none is named twice; the caller deletes them. */
  run(feeds: ReadonlyMap<string, number>, wanted: readonly string[]): readonly NativeTensor[] {
    const signature = `${[...feeds.keys()].join()} ${wanted.join()}`;
    const isTrusted = this.#trusted.get(signature);
    if (isTrusted === true) return this.#run(feeds, wanted);
    const expected = this.#interpreter.run(feeds, wanted);
    if (isTrusted === false) return expected;
    const found = this.#check(feeds, wanted, expected);
    this.#trusted.set(signature, found !== undefined);
    this.#delete(found === undefined ? [] : expected);
    return found ?? expected;
  }

  /** The recorded operations one after the other. */
  interpret(feeds: ReadonlyMap<string, number>, wanted: readonly string[]): readonly NativeTensor[] {
    return this.#interpreter.run(feeds, wanted);
  }

  dispose(): void {
    this.#graph.dispose();
  }

  #run(feeds: ReadonlyMap<string, number>, wanted: readonly string[]): readonly NativeTensor[] {
    const outputs = wanted.map((value) => {
      const name = this.#exported.get(value);
      if (name === undefined) throw new RangeError(`A recording does not hand out ${value}.`);
      return name;
    });
    return this.#graph.run(feeds, outputs);
  }

  /** What the graph computes; undefined where it is not what was expected. */
  #check(
    feeds: ReadonlyMap<string, number>,
    wanted: readonly string[],
    expected: readonly NativeTensor[],
  ): readonly NativeTensor[] | undefined {
    let found: readonly NativeTensor[];
    try {
      found = this.#run(feeds, wanted);
    } catch (error) {
      this.#distrust(error instanceof Error ? error.message : String(error));
      return undefined;
    }
    const read = (value: NativeTensor | undefined): Float32Array =>
      Float32Array.from(value === undefined ? [] : this.#binding.tensorDataSync(value.id));
    const isRight = this.#groups.every((group) => {
      const places = wanted.flatMap((value, place) => (group.has(value) ? [place] : []));
      return agrees(
        places.map((place) => read(expected[place])),
        places.map((place) => read(found[place])),
      );
    });
    if (isRight) return found;
    this.#delete(found);
    this.#distrust("TensorFlow's rewriting of the graph changes what it computes");
    return undefined;
  }

  #delete(values: readonly NativeTensor[]): void {
    for (const { id } of values) this.#binding.deleteTensor(id);
  }
}

/** TensorFlow's rewriting may do away with an operation that is asked for, but not with this one, which does nothing. */
function exported(value: string, index: number, type: number): GraphNode {
  return { name: `e${String(index)}`, operation: "Identity", inputs: [value], attributes: [typeAttribute("T", type)], outputs: [type] };
}

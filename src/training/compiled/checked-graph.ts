import type { OperationWatch } from "../passes/recordings.ts";
import { agrees } from "./agreement.ts";
import { typeAttribute, type GraphNode } from "./graph-file.ts";
import { GraphValues } from "./graph-values.ts";
import { Interpreter } from "./interpreter.ts";
import type { NativeBinding, NativeTensor } from "./native-binding.ts";
import { NativeGraph } from "./native-graph.ts";

/** What is known of graphs that were wrong, and whom to tell of another. */
export interface Distrust {
  /** Whether the graph was wrong before when it was asked for this. */
  has(signature: string): boolean;
  add(signature: string, why: string): void;
}

/**
 * A recording as a graph that TensorFlow may rewrite as it likes, and does, for every set of values that it is asked for anew. So each set
 * is compared once with what the recorded operations come to, one after the other; where the two differ, these are run from then on.
 */
export class CheckedGraph {
  readonly values: GraphValues<GraphNode>;
  readonly #binding: NativeBinding;
  readonly #interpreter: Interpreter;
  readonly #graph: NativeGraph;
  /** Values that can be asked for, by their names in the graph. */
  readonly #exported: ReadonlyMap<string, string>;
  /** What it was fed with and asked for when it was right. */
  readonly #trusted = new Set<string>();
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
    if (this.#trusted.has(signature)) return this.#run(feeds, wanted);
    const expected = this.#interpreter.run(feeds, wanted);
    // Values that are not finite agree with too much.
    if (this.#distrust.has(signature) || !expected.every((value) => this.#read(value).every(Number.isFinite))) return expected;
    const found = this.#check(signature, feeds, wanted, expected);
    if (found === undefined) return expected;
    this.#trusted.add(signature);
    this.#delete(expected);
    return found;
  }

  /** Whether all of these can be asked for. */
  handsOut(values: readonly string[]): boolean {
    return values.every((value) => this.#exported.has(value));
  }

  /** The recorded operations one after the other. */
  interpret(feeds: ReadonlyMap<string, number>, wanted: readonly string[], watch?: OperationWatch): readonly NativeTensor[] {
    return this.#interpreter.run(feeds, wanted, watch);
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
    signature: string,
    feeds: ReadonlyMap<string, number>,
    wanted: readonly string[],
    expected: readonly NativeTensor[],
  ): readonly NativeTensor[] | undefined {
    let found: readonly NativeTensor[];
    try {
      found = this.#run(feeds, wanted);
    } catch (error) {
      this.#distrust.add(signature, error instanceof Error ? error.message : String(error));
      return undefined;
    }
    const isRight = this.#groups.every((group) => {
      const places = wanted.flatMap((value, place) => (group.has(value) ? [place] : []));
      return agrees(
        places.map((place) => this.#read(expected[place])),
        places.map((place) => this.#read(found[place])),
      );
    });
    if (isRight) return found;
    this.#delete(found);
    this.#distrust.add(signature, "TensorFlow's rewriting of the graph changes what it computes");
    return undefined;
  }

  #read(value: NativeTensor | undefined): Float32Array {
    return new Float32Array(value === undefined ? [] : this.#binding.tensorDataSync(value.id));
  }

  #delete(values: readonly NativeTensor[]): void {
    for (const { id } of values) this.#binding.deleteTensor(id);
  }
}

/** TensorFlow's rewriting may do away with an operation that is asked for, but not with this one, which does nothing. */
function exported(value: string, index: number, type: number): GraphNode {
  return { name: `e${String(index)}`, operation: "Identity", inputs: [value], attributes: [typeAttribute("T", type)], outputs: [type] };
}

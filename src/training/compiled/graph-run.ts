import { tensor, type Tensor } from "@tensorflow/tfjs-core";
import type { OperationWatch } from "../passes/recordings.ts";
import type { CheckedGraph } from "./checked-graph.ts";
import { areSame } from "./habits.ts";
import type { NativeBackend, NativeTensor } from "./native-binding.ts";
import type { PassRun } from "./pass-run.ts";
import { readTogether } from "./read-once.ts";
import { fedAs } from "./recorded-pass.ts";

/** The runs of a graph for one pass, with all that they have computed. Its tensors live as long as the tensor scope. */
export class GraphRun implements PassRun {
  readonly #native: NativeBackend;
  readonly #graph: CheckedGraph;
  readonly #feeds: Map<string, number>;
  readonly #numbers = new Map<string, Float32Array>();
  /** Numbers of tensors that stay with TensorFlow. */
  readonly #held = new Map<string, number>();
  #weights: readonly number[] | undefined;

  constructor(native: NativeBackend, graph: CheckedGraph, fed: ReadonlyMap<string, Tensor>) {
    this.#native = native;
    this.#graph = graph;
    this.#feeds = new Map();
    this.#feed(fed);
  }

  has(name: string): boolean {
    return this.#numbers.has(name) || this.#held.has(name);
  }

  get weights(): readonly number[] | undefined {
    return this.#weights;
  }

  weigh(weights: readonly number[], summed: Iterable<string>): void {
    if (areSame(weights, this.#weights)) return;
    this.#weights = weights;
    for (const name of summed) {
      this.#numbers.delete(name);
      this.#release(name);
    }
    this.#feed(new Map(weights.map((weight, position) => [fedAs.weight(position), tensor(Float32Array.of(weight), [])])));
  }

  /** Reads some values, leaves some with TensorFlow, and keeps others as tensors, which are returned. No value is in two of these. */
  compute(
    read: readonly string[],
    { held = [], kept = [] }: { held?: readonly string[]; kept?: readonly string[] } = {},
  ): readonly Tensor[] {
    const toRead = [...new Set(read)];
    const values = this.#graph.run(this.#feeds, [...toRead, ...held, ...kept]);
    this.#read(toRead, values);
    const stays = values.slice(toRead.length, toRead.length + held.length);
    held.forEach((name, index) => this.#held.set(name, stays[index]?.id ?? -1));
    return values.slice(toRead.length + held.length).map((value) => this.#native.createOutputTensor(value));
  }

  /** The number of a tensor that stayed with TensorFlow; undefined where it did not. */
  held(name: string): number | undefined {
    return this.#held.get(name);
  }

  /** Lets go of all that stayed. */
  dispose(): void {
    for (const name of [...this.#held.keys()]) this.#release(name);
  }

  #release(name: string): void {
    const id = this.#held.get(name);
    if (id !== undefined) this.#native.binding.deleteTensor(id);
    this.#held.delete(name);
  }

  /** As `compute`, with the recorded operations one after the other. */
  interpret(read: readonly string[], watch?: OperationWatch): void {
    const toRead = [...new Set(read)];
    this.#read(toRead, this.#graph.interpret(this.#feeds, toRead, watch));
  }

  /** Further runs start from these. */
  startFrom(names: readonly string[], tensors: readonly Tensor[]): void {
    this.#feed(new Map(names.flatMap((name, index): [string, Tensor][] => (tensors[index] === undefined ? [] : [[name, tensors[index]]]))));
  }

  values(name: string): Float32Array {
    const values = this.#numbers.get(name) ?? this.#readHeld(name);
    if (values === undefined) throw new RangeError(`A recording was not asked for ${name}.`);
    return values;
  }

  #readHeld(name: string): Float32Array | undefined {
    const id = this.#held.get(name);
    if (id === undefined) return undefined;
    const values = floatsOf(this.#native.binding.tensorDataSync(id));
    this.#numbers.set(name, values);
    return values;
  }

  /** Shows values that stayed with TensorFlow, and then some tensors; their numbers are gone afterwards. */
  show(names: readonly string[], tensors: readonly Tensor[], see: (values: readonly Float32Array[]) => void): void {
    const ids = names.map((name) => {
      const id = this.#held.get(name);
      if (id === undefined) throw new RangeError(`A recording has not kept ${name}.`);
      return id;
    });
    readTogether(this.#native.binding, [...ids, ...this.#native.getInputTensorIds(tensors)], see);
  }

  number(name: string): number {
    return this.values(name)[0] ?? Number.NaN;
  }

  #feed(fed: ReadonlyMap<string, Tensor>): void {
    const ids = this.#native.getInputTensorIds([...fed.values()]);
    [...fed.keys()].forEach((name, index) => this.#feeds.set(name, ids[index] ?? -1));
  }

  #read(names: readonly string[], made: readonly NativeTensor[]): void {
    const { binding } = this.#native;
    names.forEach((name, index) => {
      const { id } = made[index] ?? { id: -1 };
      this.#numbers.set(name, floatsOf(binding.tensorDataSync(id)));
      binding.deleteTensor(id);
    });
  }
}

function floatsOf(values: unknown): Float32Array {
  if (values instanceof Float32Array) return values;
  throw new TypeError("A recorded value is not made of 32-bit floats.");
}

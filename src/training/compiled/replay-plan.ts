import { getKernel, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";
import { GraphValues } from "./graph-values.ts";
import { bytesOf, callInputs, type KernelNode } from "./kernel-node.ts";
import type { Buffer, ReplayMemory } from "./replay-memory.ts";
import { Weightless } from "./weightless.ts";

/** One kernel with all that it is called with. */
export interface ReplayStep {
  readonly operation: string;
  readonly compute: KernelFunc;
  readonly call: Parameters<KernelFunc>[0];
  readonly outputs: readonly TensorInfo[];
  readonly places: KernelNode["places"];
  /** Published kernels keep packed copies of these. */
  readonly packed: readonly TensorInfo[];
  /** What is read as soon as it is there. */
  readonly reads: readonly ReplayRead[];
}

export interface ReplayRead {
  readonly name: string;
  readonly address: number;
  readonly count: number;
}

/** What answers one request. */
export interface ReplaySegment {
  readonly atOnce: readonly ReplayRead[];
  readonly steps: readonly ReplayStep[];
  /** Byte addresses of what stays where it was computed. */
  readonly held: ReadonlyMap<string, number>;
  readonly after: ReplayState;
}

/** How far a pass has come: which nodes were computed, and where those of their values are that others still need. */
export interface ReplayState {
  readonly computed: ReadonlySet<number>;
  readonly where: ReadonlyMap<string, Buffer>;
  /** Where values are that stay until the pass ends. */
  readonly held: ReadonlyMap<string, Buffer>;
  /** By what was asked for next. */
  readonly next: Map<string, ReplaySegment>;
}

/** The recording for weights some of which are 1. */
interface Variant {
  readonly weightless: Weightless;
  readonly values: GraphValues<KernelNode>;
}

/** What is asked of a pass. */
export interface ReplayRequest {
  /** To be read. */
  readonly names: readonly string[];
  /** To stay where it is computed. */
  readonly held: readonly string[];
  /** Names of the weights of the sum that are 1. */
  readonly ones: readonly string[];
}

/** What is asked for, and the value that it is. */
interface Wanted {
  readonly name: string;
  readonly value: string;
}

/** Kernels that XNNPACK computes from packed copies of their weights, which it keeps by tensor. */
const packing: ReadonlySet<string> = new Set([
  "BatchMatMul",
  "_FusedMatMul",
  "Conv2D",
  "FusedConv2D",
  "DepthwiseConv2dNative",
  "FusedDepthwiseConv2D",
  "Prelu",
]);
/** Ways through a recording that are kept. */
const mostSegments = 256;

/**
 * What to compute, and where, for each request that is made of a pass. Only what was asked for and not yet computed; a value's place is
 * given to another when nothing needs it any more that a pass could still be asked for. So all passes that are asked for the same compute
 * it the same way.
 */
export class ReplayPlan {
  readonly memory: ReplayMemory;
  /** Where what is fed is, and what never changes. */
  readonly fixed: ReadonlyMap<string, Buffer>;
  readonly #values: GraphValues<KernelNode>;
  /** Positions of the nodes that can be needed at all. */
  readonly #live: readonly number[];
  /** Those that depend on the weights of a sum, which may change within a pass. */
  readonly #weighted: ReadonlySet<number>;
  readonly #variants = new Map<string, Variant>();
  #root: ReplayState;
  #segments = 0;
  #isDisposed = false;

  /**
   * @param wanted all values that can be asked for
   * @param weights names of what is fed as the weights of a sum
   */
  constructor(memory: ReplayMemory, nodes: readonly KernelNode[], wanted: readonly string[], weights: ReadonlySet<string>) {
    this.memory = memory;
    this.#values = new GraphValues(nodes);
    this.#live = this.#values.leadingTo(wanted, new Set());
    this.fixed = this.#placeLeaves();
    this.#weighted = this.#dependingOn(weights);
    this.#root = emptyState();
  }

  /** Where a pass begins, also one that begins again. Throws where the recording was disposed. */
  start(): ReplayState {
    if (this.#isDisposed) throw new Error("A pass was asked for more after its recording was disposed.");
    return this.#root;
  }

  /** Before another pass begins: drops all ways where there are many, with the memory that they take. */
  tidy(): void {
    if (this.#segments > mostSegments) this.forget();
  }

  forget(): void {
    this.memory.keepOnly(new Set(this.fixed.values()));
    this.#root = emptyState();
    this.#segments = 0;
    this.#variants.clear();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.memory.keepOnly(new Set());
  }

  segment(state: ReplayState, request: ReplayRequest): ReplaySegment {
    const { names, held, ones } = request;
    const key = `${names.join()} ${held.join()} ${ones.join()}`;
    const known = state.next.get(key);
    if (known !== undefined) return known;
    const made = this.#plan(state, request, this.#variant(ones));
    state.next.set(key, made);
    this.#segments += 1;
    return made;
  }

  #plan(state: ReplayState, request: ReplayRequest, { values, weightless }: Variant): ReplaySegment {
    const holds = new Map(state.held);
    const where = new Map([...this.fixed, ...state.where, ...this.#unweighted(state.held)]);
    const wanted = request.names.map((name) => ({ name, value: weightless.of(name) }));
    const staying = request.held.map((name) => ({ name, value: weightless.of(name) }));
    const keep = (value: string): void => {
      const piece = where.get(value);
      if (piece !== undefined && staying.some((each) => each.value === value)) holds.set(value, piece);
    };
    for (const { value } of staying) keep(value);
    const atOnce = wanted.filter(({ value }) => where.has(value)).map((each) => this.#reading(each, where));
    const later = wanted.filter(({ value }) => !where.has(value));
    const positions = values.leadingTo(
      [...wanted, ...staying].map(({ value }) => value),
      new Set(where.keys()),
    );
    const nodeAt = (position: number): KernelNode => nodeOf(values, position);
    const computed = new Set([...state.computed, ...positions]);
    const kept = this.#neededAfter(computed);
    const lastUse = new Map<string, number>();
    positions.forEach((position, index) => {
      for (const value of nodeAt(position).inputs) lastUse.set(value, index);
    });
    const dropUnused = (index: number): void => {
      for (const value of where.keys()) {
        if (!kept.has(value) && !this.fixed.has(value) && (lastUse.get(value) ?? -1) <= index) where.delete(value);
      }
    };
    dropUnused(-1);
    const steps = positions.map((position, index) => {
      const node = nodeAt(position);
      const taken = new Set([...where.values(), ...holds.values()]);
      node.outputs.forEach((output, place) => {
        const piece = this.memory.piece(bytesOf(output), taken);
        taken.add(piece);
        where.set(`${node.name}:${String(place)}`, piece);
        keep(`${node.name}:${String(place)}`);
      });
      const step = this.#bind(node, where, later);
      dropUnused(index);
      return step;
    });
    for (const value of this.fixed.keys()) where.delete(value);
    const held = new Map(staying.map(({ name, value }) => [name, placeOf(value, holds).address]));
    return { atOnce, steps, held, after: { computed, where, held: holds, next: new Map() } };
  }

  #bind(node: KernelNode, where: ReadonlyMap<string, Buffer>, wanted: readonly Wanted[]): ReplayStep {
    const { backend } = this.memory.heap;
    const inputs = node.inputs.map((value, index) => {
      const seen = node.seen[index];
      if (seen === undefined) throw new TypeError("A node of a recording does not know its input.");
      return this.memory.tensor(value, placeOf(value, where), seen);
    });
    const names = node.outputs.map((_, place) => `${node.name}:${String(place)}`);
    const attributes = node.attributes === undefined ? {} : { attrs: node.attributes };
    return {
      operation: node.operation,
      compute: getKernel(node.operation, "wasm").kernelFunc,
      call: { inputs: callInputs(node.keys, inputs), backend, ...attributes },
      outputs: node.outputs.map((output, place) => this.memory.tensor(names[place] ?? "", placeOf(names[place] ?? "", where), output)),
      places: node.places,
      packed: packing.has(node.operation) ? inputs : [],
      reads: wanted.filter(({ value }) => names.includes(value)).map((each) => this.#reading(each, where)),
    };
  }

  /** A value that stays at this address. */
  readingAt(name: string, address: number): ReplayRead {
    return { name, address, count: this.#count(name) };
  }

  #reading({ name, value }: Wanted, where: ReadonlyMap<string, Buffer>): ReplayRead {
    return { name, address: placeOf(value, where).address, count: this.#count(value) };
  }

  #count(value: string): number {
    const { type } = this.#values.find(value);
    if (type.dtype !== "float32") throw new TypeError("A recorded value is not made of 32-bit floats.");
    return bytesOf(type) / 4;
  }

  /** Without what another weight would change. */
  #unweighted(values: ReadonlyMap<string, Buffer>): readonly (readonly [string, Buffer])[] {
    return [...values].filter(([value]) => !this.#weighted.has(this.#values.find(value).position));
  }

  /** Values that what is not yet computed could start from. */
  #neededAfter(computed: ReadonlySet<number>): ReadonlySet<string> {
    const needed = new Set<string>();
    for (const position of this.#live) {
      if (computed.has(position) && !this.#weighted.has(position)) continue;
      for (const value of this.#node(position).inputs) if (!this.#weighted.has(this.#values.find(value).position)) needed.add(value);
    }
    return needed;
  }

  #placeLeaves(): ReadonlyMap<string, Buffer> {
    const fixed = new Map<string, Buffer>();
    for (const position of this.#live) {
      const { name, operation, constant, outputs } = this.#node(position);
      const [output] = outputs;
      if ((operation !== "Placeholder" && operation !== "Const") || output === undefined) continue;
      const piece = this.memory.piece(bytesOf(output), new Set(fixed.values()));
      fixed.set(`${name}:0`, piece);
      if (constant === undefined) continue;
      this.memory.heap.bytes().set(new Uint8Array(constant.buffer, constant.byteOffset, constant.byteLength), piece.address);
    }
    return fixed;
  }

  #dependingOn(names: ReadonlySet<string>): ReadonlySet<number> {
    const found = new Set<number>();
    for (const position of this.#live) {
      const { name, inputs } = this.#node(position);
      if (names.has(name) || inputs.some((value) => found.has(this.#values.find(value).position))) found.add(position);
    }
    return found;
  }

  #variant(ones: readonly string[]): Variant {
    const key = ones.join();
    const known = this.#variants.get(key);
    if (known !== undefined) return known;
    const weightless = new Weightless(this.#values.nodes, new Set(ones));
    const made = { weightless, values: new GraphValues(weightless.nodes) };
    this.#variants.set(key, made);
    return made;
  }

  #node(position: number): KernelNode {
    return nodeOf(this.#values, position);
  }
}

function nodeOf({ nodes }: GraphValues<KernelNode>, position: number): KernelNode {
  const node = nodes[position];
  if (node === undefined) throw new RangeError(`A recording has no node ${String(position)}.`);
  return node;
}

function emptyState(): ReplayState {
  return { computed: new Set(), where: new Map(), held: new Map(), next: new Map() };
}

function placeOf(value: string, where: ReadonlyMap<string, Buffer>): Buffer {
  const place = where.get(value);
  if (place === undefined) throw new RangeError(`A recording has no place for ${value}.`);
  return place;
}

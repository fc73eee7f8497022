import type { Buffers, MeanPace } from "../../balancers/balancer.ts";
import { meanOf } from "../../balancers/kernels/buffer-names.ts";
import { rowProducts } from "../../balancers/kernels/rows.ts";
import { movedMeans } from "../../balancers/kernels/moving-means.ts";
import { tolerance } from "./agreement.ts";
import type { Distrust } from "./checked-graph.ts";
import { LentVectors } from "./lent-vectors.ts";
import { MeansGraph, shapeOf, type MeansShape, type MovedTensors, type PackedTensors } from "./means-graph.ts";
import type { NativeBackend } from "./native-binding.ts";
import { readOnce } from "./read-once.ts";

/** Rounding of a number in single precision, as a share of it. */
const unit = 2 ** -23;
/** After so many moves that were right, but too small to tell much, the graph is trusted. */
const mostCompared = 50;
/** How the distrust is written down. */
const way = "means";

/** Means at some step, as the balancer remembers them, and where they are. */
interface Version {
  readonly buffers: Buffers;
  readonly tensors: PackedTensors;
  /** Where they are nowhere else. */
  readonly lent?: LentVectors;
}

/** Moved means, packed as the gradients are. */
export interface MovedMeans {
  readonly tensors: PackedTensors;
  readonly gram: readonly (readonly number[])[];
  readonly buffers: Buffers;
}

/**
 * The balancer's moving means of the gradients as tensors of TensorFlow's, moved by a graph that is compared with the balancer's own way until a
 * move could have told; where it differs, or cannot be opened, nothing is moved, then and from then on. A move makes new tensors, and the
 * means that it began with stay until the next, for a step that fails.
 */
export class CheckedMeans {
  readonly #native: NativeBackend;
  readonly #shape: MeansShape;
  readonly #distrust: Distrust;
  #graph: MeansGraph | undefined;
  #versions: readonly Version[] = [];
  #compared = 0;

  constructor(native: NativeBackend, shape: MeansShape, distrust: Distrust) {
    this.#native = native;
    this.#shape = shape;
    this.#distrust = distrust;
  }

  /** Undefined, with nothing changed, where it cannot be relied on. */
  move(gradients: PackedTensors, buffers: Buffers, paces: readonly MeanPace[]): MovedMeans | undefined {
    if (this.#distrust.has(way)) return undefined;
    const before = this.#versions.find((version) => version.buffers === buffers) ?? this.#taken(buffers);
    const moved =
      this.#compared < mostCompared ? this.#checked(gradients, before, paces) : this.#open().move(gradients, before.tensors, paces);
    if (moved === undefined) return undefined;
    const lent = new LentVectors(this.#names, () => this.#unpacked(moved.means));
    this.#keepOnly([before]);
    this.#versions = [before, { buffers: lent.buffers, tensors: moved.means, lent }];
    return { tensors: moved.means, gram: this.#square(moved.products), buffers: lent.buffers };
  }

  dispose(): void {
    for (const { lent } of this.#versions) lent?.bringBack();
    this.#keepOnly([]);
    this.#graph?.dispose();
    this.#graph = undefined;
  }

  #open(): MeansGraph {
    return (this.#graph ??= new MeansGraph(this.#native, this.#shape));
  }

  get #names(): readonly string[] {
    return Array.from({ length: this.#shape.tasks }, (_, task) => meanOf(task));
  }

  /** Undefined where it is not what the balancer would make of them. */
  #checked(gradients: PackedTensors, before: Version, paces: readonly MeanPace[]): MovedTensors | undefined {
    let moved: MovedTensors;
    try {
      moved = this.#open().move(gradients, before.tensors, paces);
    } catch (error) {
      this.#distrust.add(way, error instanceof Error ? error.message.replace(/\.$/, "") : String(error));
      return undefined;
    }
    const start = this.#unpacked(before.tensors);
    const tasks = paces.map((_, task) => task);
    const rows = Object.values(this.#unpacked(gradients));
    const { rows: expected } = movedMeans({ tasks, buffers: start }, rows, paces);
    const found = Object.values(this.#unpacked(moved.means));
    const trials = expected.map((mean, task): Trial => ({
      before: start[meanOf(task)] ?? mean,
      expected: mean,
      found: found[task] ?? mean,
    }));
    if (trials.every(isMet) && areProducts(this.#square(moved.products), rowProducts(expected))) {
      this.#compared = trials.every(isTelling) ? mostCompared : this.#compared + 1;
      return moved;
    }
    this.#delete(moved.means);
    this.#distrust.add(way, "its moving means are not the balancer's");
    return undefined;
  }

  #square(products: Float64Array): readonly (readonly number[])[] {
    const { tasks } = this.#shape;
    return Array.from({ length: tasks }, (_, task) => [...products.subarray(task * tasks, (task + 1) * tasks)]);
  }

  /** From plain arrays; 0 where there are none yet. */
  #taken(buffers: Buffers): Version {
    const { binding } = this.#native;
    const vectors = this.#names.map((name) => buffers[name]);
    let start = 0;
    const tensors = new Map(
      this.#shape.common.map(({ id, size }) => {
        const shape = shapeOf(this.#shape, size);
        const packed = new Float32Array(size * this.#shape.tasks);
        const first = start;
        eachStretch(shape, (from, task, to) => {
          const values = vectors[task]?.subarray(first + from, first + from + shape[2]);
          if (values !== undefined) packed.set(values, to);
        });
        start += size;
        return [id, binding.createTensor(shape, binding.TF_FLOAT, packed)];
      }),
    );
    const taken = { buffers, tensors };
    this.#keepOnly([]);
    this.#versions = [taken];
    return taken;
  }

  /** By the names of the buffers. */
  #unpacked(tensors: PackedTensors): Readonly<Record<string, Float64Array>> {
    const { common } = this.#shape;
    const elements = common.reduce((sum, { size }) => sum + size, 0);
    const vectors = this.#names.map((name) => [name, new Float64Array(elements)] as const);
    let start = 0;
    for (const { id, size } of common) {
      const shape = shapeOf(this.#shape, size);
      readOnce(this.#native.binding, tensors.get(id) ?? -1, (packed) => {
        eachStretch(shape, (to, task, from) => vectors[task]?.[1].set(packed.subarray(from, from + shape[2]), start + to));
      });
      start += size;
    }
    return Object.fromEntries(vectors);
  }

  #keepOnly(kept: readonly Version[]): void {
    for (const version of this.#versions) {
      if (kept.includes(version)) continue;
      version.lent?.forget();
      this.#delete(version.tensors);
    }
    this.#versions = kept;
  }

  #delete(tensors: PackedTensors): void {
    for (const id of tensors.values()) this.#native.binding.deleteTensor(id);
  }
}

/** Where each piece of each task's vector begins: in the vector, and in what is packed as `[pieces, tasks, length]`. */
function eachStretch(
  [pieces, tasks, length]: readonly [number, number, number],
  visit: (inVector: number, task: number, inPacked: number) => void,
): void {
  for (let piece = 0; piece < pieces; piece++) {
    for (let task = 0; task < tasks; task++) visit(piece * length, task, (piece * tasks + task) * length);
  }
}

/** A task's mean: what it was, is to be, and is. */
interface Trial {
  readonly before: Float64Array;
  readonly expected: Float64Array;
  readonly found: Float64Array;
}

/** Up to what rounding explains: of what was added, and of the mean that it was added to. */
function isMet({ before, expected, found }: Trial): boolean {
  return distance(found, expected) <= tolerance * distance(expected, before) + 4 * unit * (distance(before) + distance(expected));
}

/** Whether a wrong move would have shown: from a mean that was not 0, by more than rounding. */
function isTelling({ before, expected }: Trial): boolean {
  const length = distance(before);
  return length > 0 && distance(expected, before) > 1000 * unit * length;
}

function areProducts(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): boolean {
  const length = (task: number): number => Math.sqrt(expected[task]?.[task] ?? 0);
  return expected.every((row, i) =>
    row.every((product, j) => Math.abs((found[i]?.[j] ?? Number.NaN) - product) <= tolerance * length(i) * length(j)),
  );
}

/** ‖a − b‖, or ‖a‖. */
function distance(a: Float64Array, b?: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b?.[i] ?? 0)) ** 2, 0));
}

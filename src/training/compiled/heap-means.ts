import type { Buffers, MeanPace } from "../../balancers/balancer.ts";
import { meanOf } from "../../balancers/kernels/buffer-names.ts";
import type { WasmHeap } from "../backend/wasm-heap.ts";
import type { VectorRoutines } from "../backend/vector-routines.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { LentVectors } from "./lent-vectors.ts";

/** Byte addresses by variable id, one a task of the parameter's reach. */
export type TaskRows = ReadonlyMap<number, readonly number[]>;

/** Means at some step, as the balancer remembers them, and where they are. */
interface Version {
  readonly buffers: Buffers;
  readonly rows: TaskRows;
  /** Where they are nowhere else. */
  readonly lent?: LentVectors;
}

interface HeapParts {
  readonly heap: WasmHeap;
  readonly vectors: VectorRoutines;
  readonly common: readonly TrainedParameter[];
  readonly tasks: number;
}

/**
 * The balancer's moving means of the gradients on the wasm backend's heap, to the bit as on plain arrays. There are two places for them: a move
 * leaves the means that it began with, for a step that fails.
 */
export class HeapMeans {
  readonly #parts: HeapParts;
  readonly #places: readonly TaskRows[];
  #versions: readonly Version[] = [];

  constructor(parts: HeapParts) {
    this.#parts = parts;
    const { heap, common } = parts;
    this.#places = [0, 1].map(() => new Map(common.map(({ id, size, reach }) => [id, reach.map(() => heap.allocate((size + 4) * 4))])));
  }

  /** The moved means, and the buffers with them. */
  move(gradients: TaskRows, buffers: Buffers, paces: readonly MeanPace[]): { readonly rows: TaskRows; readonly buffers: Buffers } {
    const before = this.#versions.find((version) => version.buffers === buffers) ?? this.#taken(buffers);
    const { common, vectors } = this.#parts;
    const rows = this.#other(before.rows);
    for (const { id, size, reach } of common) {
      reach.forEach((task, position) => {
        const { rate, factor } = paces[task] ?? { rate: 0, factor: 0 };
        const from = [before.rows, gradients].map((each) => each.get(id)?.[position] ?? 0);
        vectors.weightedSum(from, [1 - rate, rate * factor], size, rows.get(id)?.[position] ?? 0);
      });
    }
    const lent = new LentVectors(this.#names, () => this.#read(rows));
    this.#keepOnly([before]);
    this.#versions = [before, { buffers: lent.buffers, rows, lent }];
    return { rows, buffers: lent.buffers };
  }

  dispose(): void {
    for (const { lent } of this.#versions) lent?.bringBack();
    this.#keepOnly([]);
    for (const address of this.#places.flatMap((rows) => [...rows.values()].flat())) this.#parts.heap.release(address);
  }

  get #names(): readonly string[] {
    return Array.from({ length: this.#parts.tasks }, (_, task) => meanOf(task));
  }

  #other(rows: TaskRows | undefined): TaskRows {
    return this.#places.find((place) => place !== rows) ?? new Map<number, readonly number[]>();
  }

  /** From plain arrays; 0 where there are none yet. */
  #taken(buffers: Buffers): Version {
    const { heap } = this.#parts;
    const vectors = this.#names.map((name) => buffers[name]);
    this.#keepOnly([]);
    const rows = this.#other(undefined);
    this.#eachRow(rows, ({ task, start, size, address }) => {
      const floats = heap.floats().subarray(address / 4, address / 4 + size);
      const values = vectors[task]?.subarray(start, start + size);
      if (values === undefined) floats.fill(0);
      else floats.set(values);
    });
    const taken = { buffers, rows };
    this.#versions = [taken];
    return taken;
  }

  /** By the names of the buffers; 0 where a task does not reach. */
  #read(rows: TaskRows): Readonly<Record<string, Float64Array>> {
    const { heap, common } = this.#parts;
    const elements = common.reduce((sum, { size }) => sum + size, 0);
    const vectors = this.#names.map((name) => [name, new Float64Array(elements)] as const);
    this.#eachRow(rows, ({ task, start, size, address }) => {
      vectors[task]?.[1].set(heap.floats().subarray(address / 4, address / 4 + size), start);
    });
    return Object.fromEntries(vectors);
  }

  #eachRow(rows: TaskRows, visit: (row: { task: number; start: number; size: number; address: number }) => void): void {
    let start = 0;
    for (const { id, size, reach } of this.#parts.common) {
      reach.forEach((task, position) => {
        visit({ task, start, size, address: rows.get(id)?.[position] ?? 0 });
      });
      start += size;
    }
  }

  #keepOnly(kept: readonly Version[]): void {
    for (const version of this.#versions) if (!kept.includes(version)) version.lent?.forget();
    this.#versions = kept;
  }
}

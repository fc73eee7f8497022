import { engine, type Tensor } from "@tensorflow/tfjs-core";
import type { KernelContext } from "../backend/kernel-context.ts";
import { VectorRoutines, type StepRule, type StepVectors } from "../backend/vector-routines.ts";
import type { Buffers, MeanPace } from "../../balancers/balancer.ts";
import type { SignMasking } from "../../balancers/kernels/sign-masks.ts";
import type { WasmHeap } from "../backend/wasm-heap.ts";
import { adamCoefficients } from "../optimizers/adam.ts";
import { sharesOf } from "../optimizers/coefficients.ts";
import { accumulatorsOf, type OptimizerSlot } from "../optimizers/slot.ts";
import type { UpdateRule } from "../optimizers/update-rule.ts";
import type { HeldAccumulators } from "../passes/held-gradients.ts";
import { keptShare } from "../optimizers/weight-decay.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { HeapMeans, type TaskRows } from "./heap-means.ts";
import type { UpdateParts } from "./update-layout.ts";

/** A slot, and the byte addresses of what it remembers, by the names of its buffers. */
interface Lane {
  readonly slot: OptimizerSlot;
  readonly buffers: ReadonlyMap<string, number>;
}

interface Moved extends Lane {
  readonly parameter: TrainedParameter;
}

/** A parameter that each task of its reach moves through accumulators of its own. */
interface MovedApart {
  readonly parameter: TrainedParameter;
  readonly lanes: readonly Lane[];
}

/** Where a task's own step is written down. */
const partName = "update:part";

/** A gradient's address, and its weight in a sum. */
export interface WeighedRow {
  readonly address: number;
  readonly weight: number;
}

/** What came of such a motion. */
export interface ApartMove {
  /** Squared norm of the common parameters' step, for a rate of 1. */
  readonly square: number;
  /** By common parameter: the byte address of its step for a rate of 1, valid until the next sum for it. */
  readonly directions: readonly number[];
  /** By common parameter and position in its reach, what each task moved; empty where it was not asked for. */
  readonly moves: readonly (readonly Float32Array[])[];
}

/** A motion in which each task moves the common parameters by itself. */
export interface ApartMotion {
  readonly weights: readonly number[];
  readonly rate: number;
  /** Tell what each task moved. */
  readonly asksMoves: boolean;
}

/**
 * The optimizer on the wasm backend's heap: it takes gradients and parameters where they are, and keeps the accumulators there until
 * somebody asks for them (`OptimizerMemory.recall`).
 */
export class HeapUpdate {
  readonly vectors: VectorRoutines;
  readonly #context: KernelContext;
  readonly #parts: UpdateParts;
  readonly #moved: readonly Moved[];
  readonly #apart: readonly MovedApart[];
  /** By variable id, where sums of its gradients go. */
  readonly #sums = new Map<number, number>();
  #means: HeapMeans | undefined;
  #isLent = false;

  constructor(context: KernelContext, parts: UpdateParts) {
    this.vectors = new VectorRoutines(context);
    this.#context = context;
    this.#parts = parts;
    const { common, owned, taskwise } = parts;
    const lane = (name: string, { size }: TrainedParameter): Lane => {
      const slot = parts.memory.slot(name, size);
      return { slot, buffers: new Map(accumulatorsOf(slot).map((buffer) => [buffer, context.heap.allocate(size * 4)])) };
    };
    this.#moved = [...(taskwise === undefined ? common : []), ...owned].map((parameter) => ({
      parameter,
      ...lane(parameter.name, parameter),
    }));
    this.#apart = (taskwise === undefined ? [] : common).map((parameter) => ({
      parameter,
      lanes: parameter.reach.map((task) => lane(`${parameter.name}@${taskwise?.[task] ?? task}`, parameter)),
    }));
  }

  get heap(): WasmHeap {
    return this.#context.heap;
  }

  /**
   * Moves all parameters along gradients at these addresses, by variable id, and counts it. False, with nothing changed, where one is
   * missing.
   */
  move(gradients: ReadonlyMap<number, number>, rate: number): boolean {
    if (!this.#moved.every(({ parameter }) => gradients.has(parameter.id))) return false;
    this.#take();
    const rooms = this.#rooms(this.#moved);
    for (const moved of this.#moved) this.#step(moved, gradients.get(moved.parameter.id) ?? 0, rate, rooms);
    return true;
  }

  /**
   * The same where each task moves the common parameters by accumulators of its own: along the gradients of the tasks of a parameter's
   * reach, by variable id. Undefined, with nothing changed, where one is missing.
   */
  moveApart(
    owned: ReadonlyMap<number, number>,
    common: ReadonlyMap<number, readonly number[]>,
    motion: ApartMotion,
  ): ApartMove | undefined {
    if (!this.#moved.every(({ parameter }) => owned.has(parameter.id))) return undefined;
    if (!this.#apart.every(({ parameter: { id }, lanes }) => common.get(id)?.length === lanes.length)) return undefined;
    this.#take();
    for (const { parameter } of this.#apart) this.#sumOf(parameter.id, parameter.size);
    this.#context.heap.scratch(partName, Math.max(...this.#apart.map(({ parameter }) => parameter.size), 0) + 4);
    const rooms = this.#rooms([...this.#apart, ...this.#moved]);
    const steps = this.#apart.map((moved) => this.#stepApart(moved, common.get(moved.parameter.id) ?? [], motion, rooms));
    for (const moved of this.#moved) this.#step(moved, owned.get(moved.parameter.id) ?? 0, motion.rate, rooms);
    return {
      square: steps.reduce((sum, step) => sum + step.square, 0),
      directions: steps.map(({ direction }) => direction),
      moves: steps.map(({ moves }) => moves),
    };
  }

  /** Σ w_i x_i of gradients of a variable, which are at these addresses; valid until the next sum for it. */
  combined(rows: readonly number[], weights: readonly number[], length: number, id: number): number {
    const out = this.#sumOf(id, length);
    this.vectors.weightedSum(rows, weights, length, out);
    return out;
  }

  /** Σ w_i x_i of gradients of a variable with signs masked, as `combined`. */
  masked(rows: readonly WeighedRow[], masking: SignMasking, bits: Uint32Array, id: number): number {
    const out = this.#sumOf(id, bits.length);
    const addresses = rows.map(({ address }) => address);
    const weights = rows.map(({ weight }) => weight);
    this.vectors.maskedSum(addresses, weights, masking, bits, out);
    return out;
  }

  /** Moving means of gradients at these addresses. */
  track(gradients: TaskRows, means: Buffers, paces: readonly MeanPace[]): ReturnType<HeapMeans["move"]> {
    this.#means ??= new HeapMeans({ heap: this.heap, vectors: this.vectors, ...this.#parts });
    return this.#means.move(gradients, means, paces);
  }

  #sumOf(id: number, length: number): number {
    const known = this.#sums.get(id) ?? this.#context.heap.allocate((length + 4) * 4);
    this.#sums.set(id, known);
    return known;
  }

  /** Of a common parameter, by its index, while they are here. */
  accumulators(index: number): HeldAccumulators {
    const moved = this.#moved[index];
    if (moved === undefined || !this.#isLent)
      throw new RangeError(`The accumulators of the common parameter ${index} are not on the heap.`);
    const address = moved.buffers.get("square");
    const start = (address ?? 0) / 4;
    const square = address === undefined ? undefined : this.#context.heap.floats().subarray(start, start + moved.parameter.size);
    return { slot: moved.slot, square };
  }

  dispose(): void {
    if (this.#isLent) this.#parts.memory.recall();
    const held = [...this.#lanes().flatMap(({ buffers }) => [...buffers.values()]), ...this.#sums.values()];
    for (const address of held) this.#context.heap.release(address);
    this.#sums.clear();
    this.#means?.dispose();
    this.#means = undefined;
  }

  /**
   * Where the moved parameters go. Made before the first of them moves: where there is no room for one, none has moved. Other tensors than
   * before, for the wasm backend keeps packed copies of weights by tensor.
   */
  #rooms(moved: readonly { readonly parameter: TrainedParameter }[]): ReadonlyMap<TrainedParameter, Tensor> {
    const { heap } = this.#context;
    this.vectors.reserve(this.#parts.tasks);
    return new Map(
      moved.map(({ parameter }) => {
        const { shape } = parameter.parameter.variable;
        return [parameter, engine().makeTensorFromTensorInfo(heap.output(shape), heap.backend)];
      }),
    );
  }

  #step({ parameter, slot, buffers }: Moved, gradient: number, rate: number, rooms: ReadonlyMap<TrainedParameter, Tensor>): void {
    const { rule } = this.#parts.optimizer;
    slot.count += 1;
    this.#moveTo(parameter, rooms, rate, (moved, kept) =>
      this.vectors.step({ ...moved, gradient }, stepRule(rule, rate, slot.count, buffers), kept),
    );
  }

  /** θ ← θ − Σ_i w_i Δ_i, rounded as on plain arrays. */
  #stepApart(
    { parameter, lanes }: MovedApart,
    gradients: readonly number[],
    { weights, rate, asksMoves }: ApartMotion,
    rooms: ReadonlyMap<TrainedParameter, Tensor>,
  ): { readonly square: number; readonly direction: number; readonly moves: readonly Float32Array[] } {
    const { heap } = this.#context;
    const { vectors } = this;
    const { rule } = this.#parts.optimizer;
    const { id, size: length, reach } = parameter;
    const total = this.#sumOf(id, length);
    const update = heap.scratch(partName, length + 4);
    heap.floats().fill(0, total / 4, total / 4 + length + 4);
    const moves = lanes.map(({ slot, buffers }, position) => {
      slot.count += 1;
      vectors.update({ gradient: gradients[position] ?? 0, update, length }, stepRule(rule, rate, slot.count, buffers));
      const weight = weights[reach[position] ?? -1] ?? 0;
      if (weight !== 1) vectors.weightedSum([update], [weight], length, update);
      vectors.add(update, total, length);
      return asksMoves ? heap.floats().slice(update / 4, update / 4 + length) : undefined;
    });
    this.#moveTo(parameter, rooms, rate, (moved, kept) => vectors.move({ ...moved, gradient: total }, kept));
    vectors.weightedSum([total], [rate > 0 ? 1 / rate : 0], length, total);
    return { square: vectors.squaredNorm(total, length), direction: total, moves: moves.flatMap((move) => move ?? []) };
  }

  #moveTo(
    parameter: TrainedParameter,
    rooms: ReadonlyMap<TrainedParameter, Tensor>,
    rate: number,
    move: (places: Omit<StepVectors, "gradient">, kept: number) => void,
  ): void {
    const { heap } = this.#context;
    const { variable, weight } = parameter.parameter;
    const after = rooms.get(parameter);
    if (after === undefined) throw new RangeError(`There is no room for ${parameter.name}.`);
    const places = { parameter: heap.address(variable), moved: heap.address(after), length: parameter.size };
    move(places, keptShare(this.#parts.optimizer.weightDecay, weight, rate));
    parameter.adopt(after);
    after.dispose();
  }

  /** Has the heap hold what the slots remember. */
  #take(): void {
    if (this.#isLent) return;
    this.#parts.memory.recall();
    this.#eachBuffer((values, address) => {
      this.#context.heap.floats().set(values, address / 4);
    });
    this.#isLent = true;
    this.#parts.memory.lend(() => {
      this.#isLent = false;
      this.#eachBuffer((values, address) => {
        values.set(this.#context.heap.floats().subarray(address / 4, address / 4 + values.length));
      });
    });
  }

  #lanes(): readonly Lane[] {
    return [...this.#moved, ...this.#apart.flatMap(({ lanes }) => lanes)];
  }

  #eachBuffer(visit: (values: Float32Array, address: number) => void): void {
    for (const { slot, buffers } of this.#lanes()) {
      for (const [name, address] of buffers) visit(slot.buffers[name] ?? new Float32Array(0), address);
    }
  }
}

/** What step `count` at the rate η computes. */
function stepRule(rule: UpdateRule, rate: number, count: number, buffers: ReadonlyMap<string, number>): StepRule {
  const square = buffers.get("square") ?? 0;
  switch (rule.kind) {
    case "sgd": {
      if (rule.momentum === 0) return { kind: "sgd", rate };
      const { kept } = sharesOf(rule.momentum);
      return { kind: rule.nesterov ? "nesterov" : "momentum", rate, kept, momentum: buffers.get("momentum") ?? 0 };
    }
    case "adam":
      return { kind: "adam", ...adamCoefficients(rule, count, rate), mean: buffers.get("mean") ?? 0, square };
    case "rmsprop":
      return { kind: "square", rate, ...sharesOf(rule.rho), epsilon: rule.epsilon, square };
    case "adagrad":
      return { kind: "square", rate, kept: 1, fresh: 1, epsilon: rule.epsilon, square };
  }
}

import { engine, type Tensor } from "@tensorflow/tfjs-core";
import type { KernelContext } from "../backend/kernel-context.ts";
import { VectorRoutines, type StepRule } from "../backend/vector-routines.ts";
import { adamCoefficients } from "../optimizers/adam.ts";
import { sharesOf } from "../optimizers/coefficients.ts";
import { accumulatorsOf, type OptimizerSlot } from "../optimizers/slot.ts";
import type { UpdateRule } from "../optimizers/update-rule.ts";
import { keptShare } from "../optimizers/weight-decay.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import type { UpdateParts } from "./update-layout.ts";

interface Moved {
  readonly parameter: TrainedParameter;
  readonly slot: OptimizerSlot;
  /** Byte addresses of what the slot remembers, by the names of its buffers. */
  readonly buffers: ReadonlyMap<string, number>;
}

/**
 * The optimizer on the wasm backend's heap: it takes gradients and parameters where they are, and keeps the accumulators there until somebody asks
 * for them (`OptimizerMemory.recall`).
 */
export class HeapUpdate {
  readonly vectors: VectorRoutines;
  readonly #context: KernelContext;
  readonly #parts: UpdateParts;
  readonly #moved: readonly Moved[];
  /** By variable id, where sums of its gradients go. */
  readonly #sums = new Map<number, number>();
  #isLent = false;

  constructor(context: KernelContext, parts: UpdateParts) {
    this.vectors = new VectorRoutines(context);
    this.#context = context;
    this.#parts = parts;
    this.#moved = [...parts.common, ...parts.owned].map((parameter) => {
      const slot = parts.memory.slot(parameter.name, parameter.size);
      const buffers = new Map(accumulatorsOf(slot).map((name) => [name, context.heap.allocate(parameter.size * 4)]));
      return { parameter, slot, buffers };
    });
  }

  /** Moves all parameters along gradients at these addresses, by variable id, and counts it. False, with nothing changed, where one is missing. */
  move(gradients: ReadonlyMap<number, number>, rate: number): boolean {
    if (!this.#moved.every(({ parameter }) => gradients.has(parameter.id))) return false;
    this.#take();
    // Where there is no room for one of them, none has moved. Other tensors, for the wasm backend keeps packed copies of weights by tensor.
    const rooms = this.#moved.map(({ parameter }) => this.#room(parameter));
    this.#moved.forEach((moved, index) => {
      const room = rooms[index];
      if (room !== undefined) this.#step(moved, gradients.get(moved.parameter.id) ?? 0, rate, room);
    });
    return true;
  }

  /** Σ w_i x_i of gradients of a variable, which are at these addresses; valid until the next sum for it. */
  combined(rows: readonly number[], weights: readonly number[], length: number, id: number): number {
    const out = this.#sums.get(id) ?? this.#context.heap.allocate((length + 4) * 4);
    this.#sums.set(id, out);
    this.vectors.weightedSum(rows, weights, length, out);
    return out;
  }

  dispose(): void {
    if (this.#isLent) this.#parts.memory.recall();
    const held = [...this.#moved.flatMap(({ buffers }) => [...buffers.values()]), ...this.#sums.values()];
    for (const address of held) this.#context.heap.release(address);
    this.#sums.clear();
  }

  #room({ parameter: { variable } }: TrainedParameter): Tensor {
    const { heap } = this.#context;
    return engine().makeTensorFromTensorInfo(heap.output(variable.shape), heap.backend);
  }

  #step({ parameter, slot, buffers }: Moved, gradient: number, rate: number, after: Tensor): void {
    const { heap } = this.#context;
    const { rule, weightDecay } = this.#parts.optimizer;
    const { variable, weight } = parameter.parameter;
    slot.count += 1;
    const addresses = { gradient, parameter: heap.address(variable), moved: heap.address(after), length: parameter.size };
    this.vectors.step(addresses, stepRule(rule, rate, slot.count, buffers), keptShare(weightDecay, weight, rate));
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

  #eachBuffer(visit: (values: Float32Array, address: number) => void): void {
    for (const { slot, buffers } of this.#moved) {
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

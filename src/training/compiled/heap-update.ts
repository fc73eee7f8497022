import { engine } from "@tensorflow/tfjs-core";
import type { KernelContext } from "../backend/kernel-context.ts";
import { VectorRoutines, type StepRule } from "../backend/vector-routines.ts";
import { adamCoefficients } from "../optimizers/adam.ts";
import { sharesOf } from "../optimizers/coefficients.ts";
import type { OptimizerSlot } from "../optimizers/slot.ts";
import type { UpdateRule } from "../optimizers/update-rule.ts";
import { keptShare } from "../optimizers/weight-decay.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import type { UpdateParts } from "./update-layout.ts";
import { buffersOf } from "./update-nodes.ts";

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
  #isLent = false;

  constructor(context: KernelContext, parts: UpdateParts) {
    this.vectors = new VectorRoutines(context);
    this.#context = context;
    this.#parts = parts;
    const names = buffersOf(parts.optimizer.rule);
    this.#moved = [...parts.common, ...parts.owned].map((parameter) => ({
      parameter,
      slot: parts.memory.slot(parameter.name, parameter.size),
      buffers: new Map(names.map((name) => [name, context.heap.allocate(parameter.size * 4)])),
    }));
  }

  /** Moves all parameters along gradients at these addresses, by variable id, and counts it. False, with nothing changed, where one is missing. */
  move(gradients: ReadonlyMap<number, number>, rate: number): boolean {
    if (!this.#moved.every(({ parameter }) => gradients.has(parameter.id))) return false;
    this.#take();
    for (const moved of this.#moved) this.#step(moved, gradients.get(moved.parameter.id) ?? 0, rate);
    return true;
  }

  /** Σ w_i x_i of vectors at these addresses; valid until the next sum. */
  combined(rows: readonly number[], weights: readonly number[], length: number, name: string): number {
    const out = this.#context.heap.scratch(`update:${name}`, length + 4);
    this.vectors.weightedSum(rows, weights, length, out);
    return out;
  }

  dispose(): void {
    if (this.#isLent) this.#parts.memory.recall();
    for (const { buffers } of this.#moved) for (const address of buffers.values()) this.#context.heap.release(address);
  }

  #step({ parameter, slot, buffers }: Moved, gradient: number, rate: number): void {
    const { heap } = this.#context;
    const { rule, weightDecay } = this.#parts.optimizer;
    const { variable, weight } = parameter.parameter;
    slot.count += 1;
    // Another tensor, for the wasm backend keeps packed copies of weights by tensor.
    const after = heap.output(variable.shape);
    const addresses = { gradient, parameter: heap.address(variable), moved: heap.address(after), length: parameter.size };
    this.vectors.step(addresses, stepRule(rule, rate, slot.count, buffers), keptShare(weightDecay, weight, rate));
    const fresh = engine().makeTensorFromTensorInfo(after, heap.backend);
    parameter.adopt(fresh);
    fresh.dispose();
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

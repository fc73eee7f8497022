import { combine } from "../gradients/gram.ts";
import { keptShare } from "../optimizers/weight-decay.ts";
import type { OptimizerSlot } from "../optimizers/slot.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { agrees, tolerance, toleranceOfScale } from "./agreement.ts";
import type { Distrust } from "./checked-graph.ts";
import { piecesOf } from "./held-nodes.ts";
import type { NativeBackend } from "./native-binding.ts";
import { UpdateGraph, wayOf, type HeldTensors, type UpdateMotion, type UpdateParts } from "./update-graph.ts";

/** A parameter and its accumulators: as they were, and what the optimizer's slots make of them. */
interface Trial {
  readonly parameter: TrainedParameter;
  readonly slot: OptimizerSlot;
  readonly before: { readonly values: Float32Array; readonly buffers: OptimizerSlot["buffers"] };
  readonly after: { readonly values: Float32Array; readonly buffers: OptimizerSlot["buffers"] };
}

/**
 * The optimizer as a graph, opened with its first motion and compared once, for each way that a motion can take, with what the optimizer's
 * slots compute. Where it differs, or cannot be opened, nothing is moved, then and from then on.
 */
export class CheckedUpdate {
  readonly #native: NativeBackend;
  readonly #parts: UpdateParts;
  readonly #distrust: Distrust;
  readonly #trusted = new Set<string>();
  #graph: UpdateGraph | undefined;

  constructor(native: NativeBackend, parts: UpdateParts, distrust: Distrust) {
    this.#native = native;
    this.#parts = parts;
    this.#distrust = distrust;
  }

  /** False, with nothing changed, where it cannot be relied on or where some parameters have taken more steps than others. */
  move(gradients: HeldTensors, motion: UpdateMotion): boolean {
    const way = `update ${wayOf(gradients, motion)}`;
    if (this.#distrust.has(way)) return false;
    const graph = this.#open(way);
    if (graph?.isEven !== true) return false;
    if (this.#trusted.has(way)) {
      graph.move(gradients, motion);
      return true;
    }
    const trials = this.#trials(gradients, motion);
    graph.move(gradients, motion);
    this.#parts.memory.recall();
    if (trials.every((trial) => isMet(trial))) {
      this.#trusted.add(way);
      return true;
    }
    this.#distrust.add(way, "its update is not the optimizer's");
    for (const { parameter, slot, before } of trials) {
      parameter.set(before.values);
      slot.count -= 1;
      for (const [name, values] of Object.entries(before.buffers)) slot.buffers[name]?.set(values);
    }
    return false;
  }

  dispose(): void {
    this.#graph?.dispose();
    this.#graph = undefined;
  }

  #open(way: string): UpdateGraph | undefined {
    try {
      this.#graph ??= new UpdateGraph(this.#native, this.#parts);
    } catch (error) {
      this.#distrust.add(way, error instanceof Error ? error.message : String(error));
    }
    return this.#graph;
  }

  #trials({ common, ids }: HeldTensors, { weights, ownedWeights, rate }: UpdateMotion): readonly Trial[] {
    const { optimizer, memory, tasks } = this.#parts;
    const read = (parameter: TrainedParameter): Float32Array => {
      const values = this.#native.binding.tensorDataSync(ids.get(parameter.id) ?? -1);
      if (values instanceof Float32Array) return values;
      throw new TypeError("A gradient is not made of 32-bit floats.");
    };
    const trial = (parameter: TrainedParameter, gradient: Float32Array): Trial => {
      const slot = memory.slot(parameter.name, parameter.size);
      const other = optimizer.slot(parameter.size);
      other.count = slot.count;
      for (const [name, values] of Object.entries(slot.buffers)) other.buffers[name]?.set(values);
      const before = { values: parameter.values.slice(), buffers: copied(slot.buffers) };
      const update = new Float32Array(parameter.size);
      other.step(gradient, rate, update);
      const kept = keptShare(optimizer.weightDecay, parameter.parameter.weight, rate);
      return {
        parameter,
        slot,
        before,
        after: { values: before.values.map((value, i) => kept * value - (update[i] ?? 0)), buffers: other.buffers },
      };
    };
    return [
      ...this.#parts.common.map((parameter) => {
        const gradient = read(parameter);
        return trial(parameter, common === "summed" ? gradient : combined(gradient, weights, parameter.size, tasks));
      }),
      ...this.#parts.owned.map((parameter) => {
        const weight = ownedWeights[parameter.reach[0] ?? -1] ?? 0;
        return trial(parameter, combine([[read(parameter)]], [weight], 1)[0] ?? new Float32Array(0));
      }),
    ];
  }
}

/** Σ w_i g_i of gradients that are packed. */
function combined(packed: Float32Array, weights: readonly number[], size: number, tasks: number): Float32Array {
  const { length } = piecesOf(size);
  return Float32Array.from({ length: size }, (_, element) => {
    const start = Math.floor(element / length) * length * tasks + (element % length);
    return weights.reduce((sum, weight, task) => sum + weight * (packed[start + task * length] ?? 0), 0);
  });
}

function copied(buffers: OptimizerSlot["buffers"]): OptimizerSlot["buffers"] {
  return Object.fromEntries(Object.entries(buffers).map(([name, values]) => [name, values.slice()]));
}

/** Up to what rounding explains: of the motion, and of the parameter that it is subtracted from. */
function isMet({ parameter, slot, before, after }: Trial): boolean {
  const values = parameter.values;
  const apart = distance(values, after.values);
  return (
    apart <= tolerance * distance(after.values, before.values) + toleranceOfScale * distance(before.values) &&
    Object.entries(after.buffers).every(([name, buffer]) => agrees([buffer], [slot.buffers[name]]))
  );
}

/** ‖a − b‖, or ‖a‖. */
function distance(a: Float32Array, b?: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b?.[i] ?? 0)) ** 2, 0));
}

import type { OptimizerMemory } from "./optimizers/memory.ts";
import type { OptimizerSlot } from "./optimizers/slot.ts";
import type { TrainedParameter } from "./trained-parameter.ts";

interface KeptSlot {
  readonly slot: OptimizerSlot;
  readonly count: number;
  readonly buffers: ReadonlyMap<string, Float32Array>;
}

/**
 * Parameters and what the optimizer remembers of them, as they were, for a step that can still fail after it has moved them. Its arrays are
 * made once, and only where there is such a step.
 */
export class MotionSnapshot {
  readonly #parameters: readonly TrainedParameter[];
  readonly #memory: OptimizerMemory;
  readonly #values = new Map<TrainedParameter, Float32Array>();
  readonly #slots = new Map<string, KeptSlot>();

  constructor(parameters: readonly TrainedParameter[], memory: OptimizerMemory) {
    this.#parameters = parameters;
    this.#memory = memory;
  }

  take(): void {
    for (const parameter of this.#parameters) this.#values.set(parameter, copyOf(parameter.values, this.#values.get(parameter)));
    for (const [name, slot] of this.#memory.slots) {
      const before = this.#slots.get(name)?.buffers;
      const buffers = new Map(Object.entries(slot.buffers).map(([buffer, values]) => [buffer, copyOf(values, before?.get(buffer))]));
      this.#slots.set(name, { slot, count: slot.count, buffers });
    }
  }

  restore(): void {
    for (const [parameter, values] of this.#values) parameter.set(values);
    for (const { slot, count, buffers } of this.#slots.values()) {
      slot.count = count;
      for (const [buffer, values] of buffers) slot.buffers[buffer]?.set(values);
    }
  }
}

function copyOf(values: Float32Array, into: Float32Array | undefined): Float32Array {
  if (into === undefined) return values.slice();
  into.set(values);
  return into;
}

import type { Optimizer } from "./optimizer.ts";
import type { OptimizerSlot } from "./slot.ts";

/** All slots of one optimizer, by names that are the same in every run of the experiment. They outlive the phase that made them. */
export class OptimizerMemory {
  readonly #optimizer: Pick<Optimizer, "slot">;
  readonly #slots = new Map<string, OptimizerSlot>();
  #bringBack: (() => void) | undefined;

  constructor(optimizer: Pick<Optimizer, "slot">) {
    this.#optimizer = optimizer;
  }

  /** The slot of this name: what it remembers from before, or fresh for a tensor of `size` elements. */
  slot(name: string, size: number): OptimizerSlot {
    this.recall();
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.#optimizer.slot(size);
      this.#slots.set(name, slot);
    }
    return slot;
  }

  get slots(): ReadonlyMap<string, OptimizerSlot> {
    this.recall();
    return this.#slots;
  }

  /** The accumulators are elsewhere from now on, until they are asked for or recalled: then `bringBack` writes them into the slots. */
  lend(bringBack: () => void): void {
    this.recall();
    this.#bringBack = bringBack;
  }

  /** Has the accumulators brought back, where they are elsewhere. Whoever has kept a slot calls it before looking into it. */
  recall(): void {
    this.#bringBack?.();
    // Where that failed, it fails again: the slots are not what they should be.
    this.#bringBack = undefined;
  }

  /** The slots are as they were when the accumulators were lent, and count again. */
  forgetLoan(): void {
    this.#bringBack = undefined;
  }
}

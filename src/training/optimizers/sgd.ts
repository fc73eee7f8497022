import type { OptimizerSlot } from "./slot.ts";

export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
}

/**
 * Stochastic gradient descent with momentum as PyTorch has it (no dampening):
 *
 *   b ← μ b + g,   Δ = η b
 *
 * A part of the step is attributed as η w g: what momentum still carries of older gradients is nobody's.
 */
export class SgdSlot implements OptimizerSlot {
  count = 0;
  readonly buffers: { readonly momentum: Float32Array };
  readonly #options: SgdOptions;

  constructor(options: SgdOptions, size: number) {
    this.#options = options;
    this.buffers = { momentum: new Float32Array(options.momentum === 0 ? 0 : size) };
  }

  step(gradient: Float32Array, update: Float32Array): void {
    this.count += 1;
    const { learningRate, momentum } = this.#options;
    const kept = this.buffers.momentum;
    if (kept.length === 0) {
      for (let i = 0; i < update.length; i++) update[i] = learningRate * (gradient[i] ?? 0);
      return;
    }
    for (let i = 0; i < update.length; i++) {
      const b = momentum * (kept[i] ?? 0) + (gradient[i] ?? 0);
      kept[i] = b;
      update[i] = learningRate * b;
    }
  }

  attribute(gradient: Float32Array, weight: number, update: Float32Array): void {
    const factor = this.#options.learningRate * weight;
    for (let i = 0; i < update.length; i++) update[i] = factor * (gradient[i] ?? 0);
  }
}

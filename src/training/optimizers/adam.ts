import type { OptimizerSlot } from "./slot.ts";

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/**
 * Adam (Kingma & Ba, ICLR 2015), bias-corrected, ε outside the root as in PyTorch:
 *
 *   m ← β1 m + (1−β1) g,   v ← β2 v + (1−β2) g²,   Δ = η (m / (1−β1ᵗ)) / (√(v / (1−β2ᵗ)) + ε)
 */
export class AdamSlot implements OptimizerSlot {
  count = 0;
  readonly buffers: { readonly mean: Float32Array; readonly square: Float32Array };
  readonly #options: AdamOptions;

  constructor(options: AdamOptions, size: number) {
    this.#options = options;
    this.buffers = { mean: new Float32Array(size), square: new Float32Array(size) };
  }

  step(gradient: Float32Array, rate: number, update: Float32Array): void {
    this.count += 1;
    const { beta1, beta2, epsilon } = this.#options;
    const { mean, square } = this.buffers;
    const corrected = rate / (1 - beta1 ** this.count);
    const correction = 1 / (1 - beta2 ** this.count);
    const fresh1 = 1 - beta1;
    const fresh2 = 1 - beta2;
    for (let i = 0; i < update.length; i++) {
      const g = gradient[i] ?? 0;
      const m = beta1 * (mean[i] ?? 0) + fresh1 * g;
      const v = beta2 * (square[i] ?? 0) + fresh2 * g * g;
      mean[i] = m;
      square[i] = v;
      update[i] = (corrected * m) / (Math.sqrt(v * correction) + epsilon);
    }
  }

  paces(rate: number, paces: Float64Array): void {
    const { beta2, epsilon } = this.#options;
    const { square } = this.buffers;
    const correction = 1 / (1 - beta2 ** Math.max(1, this.count));
    for (let i = 0; i < paces.length; i++) paces[i] = rate / (Math.sqrt((square[i] ?? 0) * correction) + epsilon);
  }
}

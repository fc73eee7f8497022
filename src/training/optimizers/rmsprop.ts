import type { OptimizerSlot } from "./slot.ts";

export interface RmspropOptions {
  readonly rho: number;
  readonly epsilon: number;
}

/**
 * RMSProp (Tieleman & Hinton, 2012) as PyTorch has it, ε outside the root:
 *
 *   v ← ρ v + (1−ρ) g²,   Δ = η g / (√v + ε)
 */
export class RmspropSlot implements OptimizerSlot {
  count = 0;
  readonly buffers: { readonly square: Float32Array };
  readonly #options: RmspropOptions;

  constructor(options: RmspropOptions, size: number) {
    this.#options = options;
    this.buffers = { square: new Float32Array(size) };
  }

  step(gradient: Float32Array, rate: number, update: Float32Array): void {
    this.count += 1;
    const { rho, epsilon } = this.#options;
    const { square } = this.buffers;
    const fresh = 1 - rho;
    for (let i = 0; i < update.length; i++) {
      const g = gradient[i] ?? 0;
      const v = rho * (square[i] ?? 0) + fresh * g * g;
      square[i] = v;
      update[i] = (rate * g) / (Math.sqrt(v) + epsilon);
    }
  }

  attribute(gradient: Float32Array, weight: number, rate: number, update: Float32Array): void {
    attributeBySquare(this.buffers.square, rate * weight, this.#options.epsilon, gradient, update);
  }
}

/** `factor · g / (√v + ε)` with uncorrected accumulators v, as RMSProp and Adagrad have them. */
export function attributeBySquare(
  square: Float32Array,
  factor: number,
  epsilon: number,
  gradient: Float32Array,
  update: Float32Array,
): void {
  for (let i = 0; i < update.length; i++) {
    update[i] = (factor * (gradient[i] ?? 0)) / (Math.sqrt(square[i] ?? 0) + epsilon);
  }
}

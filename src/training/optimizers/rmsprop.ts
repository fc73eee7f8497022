import { type Shares, sharesOf } from "./coefficients.ts";
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
  readonly #shares: Shares;
  readonly #epsilon: number;

  constructor({ rho, epsilon }: RmspropOptions, size: number) {
    this.#shares = sharesOf(rho);
    this.#epsilon = epsilon;
    this.buffers = { square: new Float32Array(size) };
  }

  step(gradient: Float32Array, rate: number, update: Float32Array): void {
    this.count += 1;
    const { kept, fresh } = this.#shares;
    const epsilon = this.#epsilon;
    const { square } = this.buffers;
    for (let i = 0; i < update.length; i++) {
      const g = gradient[i] ?? 0;
      const v = kept * (square[i] ?? 0) + fresh * g * g;
      square[i] = v;
      update[i] = (rate * g) / (Math.sqrt(v) + epsilon);
    }
  }

  paces(rate: number, paces: Float64Array): void {
    pacesBySquare(this.buffers.square, rate, this.#epsilon, paces);
  }
}

/** `η / (√v + ε)` with uncorrected accumulators v, as RMSProp and Adagrad have them. */
export function pacesBySquare(square: Float32Array, rate: number, epsilon: number, paces: Float64Array): void {
  for (let i = 0; i < paces.length; i++) paces[i] = rate / (Math.sqrt(square[i] ?? 0) + epsilon);
}

import { type Shares, sharesOf } from "./coefficients.ts";
import type { PaceRule } from "./pace-rule.ts";
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

  pace(rate: number): PaceRule {
    return { rate, bySquare: { correction: 1, epsilon: this.#epsilon } };
  }
}

import type { PaceRule } from "./pace-rule.ts";
import type { OptimizerSlot } from "./slot.ts";

export interface AdagradOptions {
  readonly epsilon: number;
}

/**
 * Adagrad (Duchi, Hazan & Singer, JMLR 2011) as PyTorch has it, accumulators from 0, ε outside the root:
 *
 *   v ← v + g²,   Δ = η g / (√v + ε)
 */
export class AdagradSlot implements OptimizerSlot {
  count = 0;
  readonly buffers: { readonly square: Float32Array };
  readonly #options: AdagradOptions;

  constructor(options: AdagradOptions, size: number) {
    this.#options = options;
    this.buffers = { square: new Float32Array(size) };
  }

  step(gradient: Float32Array, rate: number, update: Float32Array): void {
    this.count += 1;
    const { epsilon } = this.#options;
    const { square } = this.buffers;
    for (let i = 0; i < update.length; i++) {
      const g = gradient[i] ?? 0;
      const v = (square[i] ?? 0) + g * g;
      square[i] = v;
      update[i] = (rate * g) / (Math.sqrt(v) + epsilon);
    }
  }

  pace(rate: number): PaceRule {
    return { rate, bySquare: { correction: 1, epsilon: this.#options.epsilon } };
  }
}

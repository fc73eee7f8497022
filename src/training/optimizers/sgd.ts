import { sharesOf } from "./coefficients.ts";
import type { PaceRule } from "./pace-rule.ts";
import type { OptimizerSlot } from "./slot.ts";

export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
}

/**
 * Stochastic gradient descent with momentum as PyTorch has it (no dampening), plain or after Nesterov (Sutskever, Martens, Dahl &
 * Hinton, ICML 2013):
 *
 *   b ← μ b + g,   Δ = η b   or   Δ = η (g + μ b)
 *
 * A part of the step is attributed as η w g, with Nesterov η (1 + μ) w g: what momentum still carries of older gradients is nobody's.
 */
export class SgdSlot implements OptimizerSlot {
  count = 0;
  readonly buffers: { readonly momentum: Float32Array };
  readonly #options: SgdOptions;

  constructor(options: SgdOptions, size: number) {
    this.#options = { ...options, momentum: sharesOf(options.momentum).kept };
    this.buffers = { momentum: new Float32Array(options.momentum === 0 ? 0 : size) };
  }

  step(gradient: Float32Array, rate: number, update: Float32Array): void {
    this.count += 1;
    const { momentum, nesterov } = this.#options;
    const kept = this.buffers.momentum;
    if (kept.length === 0) {
      for (let i = 0; i < update.length; i++) update[i] = rate * (gradient[i] ?? 0);
      return;
    }
    for (let i = 0; i < update.length; i++) {
      const g = gradient[i] ?? 0;
      const b = momentum * (kept[i] ?? 0) + g;
      kept[i] = b;
      update[i] = rate * (nesterov ? g + momentum * b : b);
    }
  }

  pace(rate: number): PaceRule {
    const { momentum, nesterov } = this.#options;
    return { rate: rate * (nesterov ? 1 + momentum : 1), bySquare: undefined };
  }
}

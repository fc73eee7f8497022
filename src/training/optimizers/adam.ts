import { sharesOf, startCorrection } from "./coefficients.ts";
import type { PaceRule } from "./pace-rule.ts";
import type { OptimizerSlot } from "./slot.ts";

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** What a step of Adam multiplies with: m ← kept1 m + fresh1 g, v ← kept2 v + fresh2 g², Δ = rate m / (√(correction v) + ε). */
export interface AdamCoefficients {
  readonly kept1: number;
  readonly fresh1: number;
  readonly kept2: number;
  readonly fresh2: number;
  /** η / (1−β1ᵗ) */
  readonly rate: number;
  /** 1 / (1−β2ᵗ) */
  readonly correction: number;
  readonly epsilon: number;
}

/** The coefficients of step `count`, counted from 1, at the learning rate η = `rate`. */
export function adamCoefficients({ beta1, beta2, epsilon }: AdamOptions, count: number, rate: number): AdamCoefficients {
  const mean = sharesOf(beta1);
  const square = sharesOf(beta2);
  return {
    kept1: mean.kept,
    fresh1: mean.fresh,
    kept2: square.kept,
    fresh2: square.fresh,
    rate: rate * startCorrection(mean, count),
    correction: startCorrection(square, count),
    epsilon,
  };
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
    const { kept1, fresh1, kept2, fresh2, correction, epsilon, rate: corrected } = adamCoefficients(this.#options, this.count, rate);
    const { mean, square } = this.buffers;
    for (let i = 0; i < update.length; i++) {
      const g = gradient[i] ?? 0;
      const m = kept1 * (mean[i] ?? 0) + fresh1 * g;
      const v = kept2 * (square[i] ?? 0) + fresh2 * g * g;
      mean[i] = m;
      square[i] = v;
      update[i] = (corrected * m) / (Math.sqrt(v * correction) + epsilon);
    }
  }

  pace(rate: number): PaceRule {
    const { correction, epsilon } = adamCoefficients(this.#options, Math.max(1, this.count), rate);
    return { rate, bySquare: { correction, epsilon } };
  }
}

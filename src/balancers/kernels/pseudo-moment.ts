/** What M-ConFIG remembers of its directions; left out at its first step. */
interface Before {
  readonly moment: Float64Array | undefined;
  readonly square: Float64Array | undefined;
}

/**
 * M-ConFIG's scale of a step (Liu, Chu, Thuerey, ICLR 2025, arXiv 2408.11104): the direction c is taken for Adam's bias-corrected first
 * moment, and the gradient that would have led to it gives the second one,
 *
 *   M = (1−β₁^t) c,   p = (M − β₁ M₋) / (1−β₁),   v ← β₂ v + (1−β₂) p²
 *
 * The step is c / (√(v / (1−β₂^t)) + ε), element by element: `divisor` is what stands below. `step` is t and counts from 1.
 */
export function pseudoMoment(
  direction: Float64Array,
  before: Before,
  { beta1, beta2, epsilon, step }: { readonly beta1: number; readonly beta2: number; readonly epsilon: number; readonly step: number },
): { readonly divisor: Float64Array; readonly moment: Float64Array; readonly square: Float64Array } {
  const size = direction.length;
  const [moment, square, divisor] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const first = 1 - beta1 ** step;
  const second = 1 / (1 - beta2 ** step);
  for (let i = 0; i < size; i++) {
    const m = first * (direction[i] ?? 0);
    const pseudo = (m - beta1 * (before.moment?.[i] ?? 0)) / (1 - beta1);
    const v = beta2 * (before.square?.[i] ?? 0) + (1 - beta2) * pseudo * pseudo;
    moment[i] = m;
    square[i] = v;
    divisor[i] = Math.sqrt(v * second) + epsilon;
  }
  return { divisor, moment, square };
}

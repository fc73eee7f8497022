/** Constants of the optimizer whose accumulators AdaTask keeps once for each task. */
export type AdaptiveRule =
  | { readonly kind: "adam"; readonly beta1: number; readonly beta2: number; readonly epsilon: number }
  | { readonly kind: "rmsprop"; readonly rho: number; readonly epsilon: number }
  | { readonly kind: "adagrad"; readonly epsilon: number };

/** Accumulators of one task over n parameters. `mean` stays 0 where the rule has no momentum. */
export interface TaskAccumulators {
  readonly mean: Float64Array;
  readonly square: Float64Array;
}

/**
 * One task's update of AdaTask (Yang et al., AAAI 2023, arXiv 2211.15055, Eq. for Adam; AdaGrad and RMSProp by the same rule),
 * per unit of learning rate, element by element:
 *
 *   adam     m ← β1 m + (1−β1) g,  v ← β2 v + (1−β2) g²,  u = m̂ / (√v̂ + ε) with bias correction at common step t
 *   rmsprop  v ← ρ v + (1−ρ) g²,   u = g / (√v + ε)
 *   adagrad  v ← v + g²,           u = g / (√v + ε)
 *
 * `gradient` has n entries; `step` counts from 1. The caller subtracts learningRate · Σ over tasks of u.
 */
export function taskUpdate(
  rule: AdaptiveRule,
  gradient: ArrayLike<number>,
  before: TaskAccumulators,
  step: number,
): { readonly update: Float64Array; readonly after: TaskAccumulators } {
  const size = gradient.length;
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  const update = new Float64Array(size);
  const [first, second] = rule.kind === "adam" ? [1 - rule.beta1 ** step, 1 - rule.beta2 ** step] : [1, 1];
  for (let i = 0; i < size; i++) {
    const g = gradient[i] ?? 0;
    const v = nextSquare(rule, before.square[i] ?? 0, g);
    square[i] = v;
    if (rule.kind === "adam") {
      const m = rule.beta1 * (before.mean[i] ?? 0) + (1 - rule.beta1) * g;
      mean[i] = m;
      update[i] = m / first / (Math.sqrt(v / second) + rule.epsilon);
    } else {
      update[i] = g / (Math.sqrt(v) + rule.epsilon);
    }
  }
  return { update, after: { mean, square } };
}

function nextSquare(rule: AdaptiveRule, square: number, gradient: number): number {
  switch (rule.kind) {
    case "adam":
      return rule.beta2 * square + (1 - rule.beta2) * gradient * gradient;
    case "rmsprop":
      return rule.rho * square + (1 - rule.rho) * gradient * gradient;
    case "adagrad":
      return square + gradient * gradient;
  }
}

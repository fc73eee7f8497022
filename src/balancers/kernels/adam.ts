/** Adam (Kingma & Ba, 2015) for the few numbers a method learns itself, each with its own step count. */
export interface AdamState {
  readonly mean: readonly number[];
  readonly square: readonly number[];
  readonly count: readonly number[];
}

export function adamStart(size: number): AdamState {
  const zeros = new Array<number>(size).fill(0);
  return { mean: zeros, square: zeros, count: zeros };
}

/**
 * One bias-corrected step on the values at `indices` with `gradients` (one each); all other values and their state stay.
 * An own step count each, so that a task absent for a while continues where it was.
 */
export function adamStep(
  values: readonly number[],
  state: AdamState,
  indices: readonly number[],
  gradients: readonly number[],
  learningRate: number,
): { readonly values: readonly number[]; readonly state: AdamState } {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const next = [...values];
  const mean = [...state.mean];
  const square = [...state.square];
  const count = [...state.count];
  indices.forEach((index, position) => {
    const gradient = gradients[position] ?? 0;
    const m = beta1 * (mean[index] ?? 0) + (1 - beta1) * gradient;
    const v = beta2 * (square[index] ?? 0) + (1 - beta2) * gradient * gradient;
    const t = (count[index] ?? 0) + 1;
    mean[index] = m;
    square[index] = v;
    count[index] = t;
    const step = (learningRate * (m / (1 - beta1 ** t))) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
    next[index] = (next[index] ?? 0) - step;
  });
  return { values: next, state: { mean, square, count } };
}

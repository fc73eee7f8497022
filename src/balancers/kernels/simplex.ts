import { total } from "./vectors.ts";

/** The point of the simplex {w ≥ 0, Σ w = 1} nearest to `point` (Held, Wolfe, Crowder, 1974): moved down by one number and cut at 0. */
export function projectOnSimplex(point: readonly number[]): number[] {
  const decreasing = [...point].sort((a, b) => b - a);
  // Taken relative to the largest, which always stays: far from the simplex its digits would be lost in the sum.
  const [largest = 0] = decreasing;
  let sum = 0;
  let threshold = -1;
  decreasing.forEach((value, i) => {
    sum += value - largest;
    const candidate = (sum - 1) / (i + 1);
    if (value - largest > candidate) threshold = candidate;
  });
  const cut = point.map((value) => Math.max(0, value - largest - threshold));
  const whole = total(cut);
  return cut.map((value) => value / whole);
}

/** What the tasks present in a step have of a distribution over all tasks. */
interface Shares {
  /** Theirs alone, with sum 1; equal where they have nothing. */
  readonly shares: readonly number[];
  /** The distribution over all tasks with new shares for these, who keep together what they had; the others keep theirs. */
  readonly with: (shares: readonly number[]) => readonly number[];
}

/** A distribution over all tasks, seen by the present ones: an absent task keeps its own weight. */
export function sharesOf(weights: readonly number[], tasks: readonly number[]): Shares {
  const own = tasks.map((task) => weights[task] ?? 0);
  const mass = total(own);
  return {
    shares: own.map((weight) => (mass > 0 ? weight / mass : 1 / own.length)),
    with: (shares) => {
      const next = [...weights];
      tasks.forEach((task, position) => (next[task] = mass * (shares[position] ?? 0)));
      return next;
    },
  };
}

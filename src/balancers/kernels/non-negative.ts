import { solvePositiveDefinite } from "./positive-definite.ts";
import { solve } from "./solve.ts";
import { correlationOf, dot, lengthsOf, restrict, spread, type Gram } from "./vectors.ts";

export interface NonNegativeSolution {
  readonly weights: readonly number[];
  /** False where rounding kept the active set from settling, or where the problem has no minimum. */
  readonly converged: boolean;
}

/**
 * Minimises `½ zᵀ G z − bᵀ z` over z ≥ 0 for a Gram matrix G (K×K): the active-set method of Lawson & Hanson (Solving Least
 * Squares Problems, 1974, ch. 23) on the normal equations, in unit rows so that their lengths may differ by many orders.
 * At the solution `z ≥ 0`, `Gz − b ≥ 0` and `zᵀ(Gz − b) = 0`. Zero rows get weight 0.
 */
export function minimiseNonNegative(gram: Gram, linear: readonly number[]): NonNegativeSolution {
  const lengths = lengthsOf(gram);
  const unit = correlationOf(gram, lengths);
  const target = linear.map((value, i) => ((lengths[i] ?? 0) > 0 ? value / (lengths[i] ?? 1) : 0));
  const size = gram.length;
  const scale = Math.max(...target.map(Math.abs), 1e-300);
  const quick = pivotBlocks(unit, target, lengths, 1e-12 * scale);
  if (quick !== undefined) return { weights: quick.map((value, i) => value / (lengths[i] || 1)), converged: true };
  let passive: readonly number[] = [];
  let z = new Array<number>(size).fill(0);
  // Rows that depend on those in use may be pulled by rounding alone: they enter, are driven out, and are not asked again until something moves.
  let refused: readonly number[] = [];
  const pullOn = (i: number): number => ((lengths[i] ?? 0) > 0 ? (target[i] ?? 0) - dot(unit[i] ?? [], z) : 0);
  for (let round = 0; round < 10 * size + 10; round++) {
    const pull = target.map((_, i) => (passive.includes(i) || refused.includes(i) ? 0 : pullOn(i)));
    const entering = pull.reduce((best, value, i) => (value > Math.max(1e-12 * scale, pull[best] ?? 0) ? i : best), -1);
    if (entering === -1) break;
    ({ passive, z } = settle(unit, target, [...passive, entering], z));
    refused = passive.includes(entering) ? [] : [...refused, entering];
  }
  // What may be left is rounding of the terms that cancel in it: nearly opposite rows need values far beyond the target's.
  const terms = z.reduce((sum, value) => sum + value, 0);
  const left = Math.max(0, ...target.map((_, i) => (passive.includes(i) ? 0 : pullOn(i))));
  return {
    weights: z.map((value, i) => ((lengths[i] ?? 0) > 0 ? value / (lengths[i] ?? 1) : 0)),
    converged: z.every(Number.isFinite) && left <= 1e-8 * scale + 1e-11 * terms,
  };
}

/**
 * Exchanges all rows at once whose sign is wrong (block principal pivoting, Portugal, Júdice & Vicente, Mathematics of Computation 63, 1994):
 * a few rounds where rows are clearly independent. Undefined where they are not, or where it does not end; then one row goes at a time.
 */
function pivotBlocks(unit: Gram, target: readonly number[], lengths: readonly number[], tolerance: number): readonly number[] | undefined {
  let passive: readonly number[] = [];
  for (let round = 0; round < 10; round++) {
    const solution = solvePositiveDefinite(
      restrict(unit, passive),
      passive.map((i) => target[i] ?? 0),
      1e-9,
    );
    if (solution === undefined) return undefined;
    const z = spread(solution, passive, target.length);
    const next = z.flatMap((value, i) => {
      if ((lengths[i] ?? 0) === 0) return [];
      const stays = passive.includes(i) ? value >= 0 : (target[i] ?? 0) - dot(unit[i] ?? [], z) > tolerance;
      return stays ? [i] : [];
    });
    if (next.length === passive.length && next.every((i, place) => passive[place] === i)) return z;
    passive = next;
  }
  return undefined;
}

/** Solves on the passive set, and moves rows that would become negative out of it. */
function settle(unit: Gram, target: readonly number[], start: readonly number[], from: readonly number[]) {
  let passive = start;
  let z = [...from];
  while (passive.length > 0) {
    const matrix = passive.map((i) => passive.map((j) => unit[i]?.[j] ?? 0));
    const wanted = passive.map((i) => target[i] ?? 0);
    // The quick way where the rows are clearly independent.
    const solution = solvePositiveDefinite(matrix, wanted, 1e-9) ?? solve(matrix, wanted);
    const reach = Math.min(1, ...passive.flatMap((i, position) => stepUntilZero(z[i] ?? 0, solution[position] ?? 0)));
    const next = new Array<number>(z.length).fill(0);
    passive.forEach((i, position) => (next[i] = Math.max(0, (z[i] ?? 0) + reach * ((solution[position] ?? 0) - (z[i] ?? 0)))));
    z = next;
    if (reach >= 1) break;
    const stuck = passive.filter((i, position) => (solution[position] ?? 0) <= 0 && (z[i] ?? 0) <= 1e-15 * Math.max(1, ...z));
    passive = passive.filter((i) => !stuck.includes(i));
    for (const i of stuck) z[i] = 0;
  }
  return { passive, z };
}

function stepUntilZero(value: number, target: number): readonly number[] {
  return target <= 0 ? [value / (value - target || 1)] : [];
}

import { scaledFactor, solvePositiveDefinite } from "./positive-definite.ts";
import { nullVectors, solve } from "./solve.ts";
import { dot, lengthsOf, squaredNorm as squared, type Gram } from "./vectors.ts";

export interface MinNormPoint {
  /** Barycentric weights, ≥ 0, sum 1. Rows that are equal share their weight equally. */
  readonly weights: readonly number[];
  /** Squared norm of the point, wᵀGw; never negative. */
  readonly squaredNorm: number;
  /** False when rounding kept the corrals from settling within the bound on iterations. */
  readonly converged: boolean;
}

/**
 * The point of least norm in the convex hull of K vectors, given by their Gram matrix (K×K): Wolfe's algorithm
 * (Mathematical Programming 11, 1976), exact up to rounding, where Frank–Wolfe is still 1e-3 away after 100 iterations.
 *
 * Vectors may differ in length by many orders: sub-problems are solved in unit vectors and every comparison is made
 * relative to the lengths that enter it. `near` are the weights of the answer to a similar problem, to begin with.
 */
export function minNormPoint(gram: Gram, near?: readonly number[]): MinNormPoint {
  const lengths = lengthsOf(gram);
  const zeros = lengths.flatMap((length, i) => (length === 0 ? [i] : []));
  if (zeros.length > 0) return { weights: uniformOver(zeros, gram.length), squaredNorm: 0, converged: true };
  const groups = groupEqual(gram, lengths);
  const firsts = groups.map((group) => group[0] ?? 0);
  const reduced = firsts.map((i) => firsts.map((j) => gram[i]?.[j] ?? 0));
  const { weights, squaredNorm, converged } = wolfe(
    reduced,
    firsts.map((i) => lengths[i] ?? 0),
    near === undefined ? startOf(reduced) : groups.map((group) => group.reduce((sum, i) => sum + (near[i] ?? 0), 0)),
  );
  const spread = new Array<number>(gram.length).fill(0);
  groups.forEach((group, g) => {
    for (const i of group) spread[i] = (weights[g] ?? 0) / group.length;
  });
  return { weights: spread, squaredNorm, converged };
}

/** What the point says of the hull: where it is 0 against the shortest vector, no direction helps everyone. */
export function hullStatus(gram: Gram, { squaredNorm, converged }: MinNormPoint): "ok" | "stationary" | "not-converged" {
  if (!converged) return "not-converged";
  const shortest = Math.min(...gram.map((row, i) => row[i] ?? 0));
  return shortest === 0 || squaredNorm <= 1e-14 * shortest ? "stationary" : "ok";
}

/**
 * To begin with, all of many vectors that are clearly independent: of long gradients most have a share in the point, and fewer have to leave than
 * would enter one by one.
 */
function startOf(gram: Gram): readonly number[] | undefined {
  return gram.length > 8 && scaledFactor(gram, 1, 1e-3) !== undefined ? gram.map(() => 1) : undefined;
}

function wolfe(gram: Gram, lengths: readonly number[], near: readonly number[] | undefined): MinNormPoint {
  const size = gram.length;
  const shortest = lengths.indexOf(Math.min(...lengths));
  let corral: readonly number[] = near?.flatMap((weight, i) => (weight > 0 ? [i] : [])) ?? [shortest];
  let weights = near === undefined ? uniformOver(corral, size) : normalised(near);
  if (corral.length > 1) ({ corral, weights } = settle(gram, lengths, corral, weights));
  let best = { weights, squaredNorm: squared(gram, weights) };
  // Each round lowers the norm, if perhaps by less than float64 shows: two opposite vectors far longer than the point
  // help only together. So rounds without visible progress go on for a while before the best point is returned.
  for (let [idle, round] = [0, 0]; idle <= 2 * size && round < 40 * size + 100; idle++, round++) {
    const entering = mostHelpful(gram, weights, lengths, corral, exact * Math.sqrt(best.squaredNorm));
    if (entering === undefined) return { weights, squaredNorm: squared(gram, weights), converged: true };
    ({ corral, weights } = settle(gram, lengths, [...corral, entering], weights));
    const squaredNorm = squared(gram, weights);
    if (squaredNorm < best.squaredNorm) {
      best = { weights, squaredNorm };
      idle = 0;
    }
  }
  return { ...best, converged: mostHelpful(gram, best.weights, lengths, [], resolvable(gram, best.weights)) === undefined };
}

/** Relative distance beyond the point's hyperplane that rounding of one product explains. */
const exact = 1e-12;

/**
 * Where no step lowers the norm any more: a vector of length l that reaches `gain` beyond the hyperplane can lower the
 * squared norm by (gain / l)² at most, which float64 cannot see below its rounding of the terms that cancelled.
 */
function resolvable(gram: Gram, weights: readonly number[]): number {
  const terms = gram.reduce(
    (sum, row, i) => sum + row.reduce((part, value, j) => part + (weights[i] ?? 0) * (weights[j] ?? 0) * Math.abs(value), 0),
    0,
  );
  return Math.sqrt(1e-14 * terms);
}

/** The vector that lies furthest on the near side of the point's hyperplane, beyond the tolerance for a unit vector. */
function mostHelpful(
  gram: Gram,
  weights: readonly number[],
  lengths: readonly number[],
  corral: readonly number[],
  tolerance: number,
): number | undefined {
  const squaredNorm = squared(gram, weights);
  let best: { readonly index: number; readonly gain: number } | undefined;
  gram.forEach((row, index) => {
    const gain = squaredNorm - dot(row, weights);
    const negligible = tolerance * (Math.sqrt(squaredNorm) + (lengths[index] ?? 0));
    if (gain > negligible && gain > (best?.gain ?? 0) && !corral.includes(index)) best = { index, gain };
  });
  return best?.index;
}

/** Moves to the least point of the corral's affine hull, leaving out vectors whose weight would become negative. */
function settle(gram: Gram, lengths: readonly number[], start: readonly number[], from: readonly number[]) {
  let corral = [...start];
  let weights = [...from];
  while (corral.length > 1) {
    const target = affineMinimiser(gram, lengths, corral);
    const blocked = corral.filter((_, position) => (target[position] ?? 0) <= 0);
    const reach = Math.min(1, ...corral.flatMap((i, position) => stepUntilZero(weights[i] ?? 0, target[position] ?? 0)));
    const moved = new Array<number>(weights.length).fill(0);
    corral.forEach((i, position) => {
      moved[i] = Math.max(0, (1 - reach) * (weights[i] ?? 0) + reach * (target[position] ?? 0));
    });
    weights = normalised(moved);
    if (blocked.length === 0) break;
    const leaving = blocked.reduce((least, i) => ((weights[i] ?? 0) < (weights[least] ?? 0) ? i : least), blocked[0] ?? 0);
    weights[leaving] = 0;
    weights = normalised(weights);
    corral = corral.filter((i) => i !== leaving);
  }
  return { corral, weights: corral.length === 1 ? uniformOver(corral, weights.length) : weights };
}

function stepUntilZero(weight: number, target: number): readonly number[] {
  return target < weight && target <= 0 ? [weight / (weight - target)] : [];
}

/** Squared norm of the least point in the affine hull of these vectors. */
export function affineSquaredNorm(gram: Gram, corral: readonly number[]): number {
  const weights = new Array<number>(gram.length).fill(0);
  affineMinimiser(gram, lengthsOf(gram), corral).forEach((weight, position) => (weights[corral[position] ?? 0] = weight));
  return squared(gram, weights);
}

/** Least point of the affine hull: C u = λ r, r·u = 1, for unit vectors with correlation C, r_i = 1/length, u_i = w_i·length. */
function affineMinimiser(gram: Gram, lengths: readonly number[], corral: readonly number[]): number[] {
  const inverse = corral.map((i) => 1 / (lengths[i] ?? 1));
  const longest = Math.max(...inverse);
  const unit = inverse.map((value) => value / longest);
  const cosines = corral.map((i, row) =>
    corral.map((j, column) => (row === column ? 1 : (gram[i]?.[j] ?? 0) * (inverse[row] ?? 0) * (inverse[column] ?? 0))),
  );
  // The quick way where the vectors are clearly independent: u is then C⁻¹ r up to its length.
  const solution =
    solvePositiveDefinite(cosines, unit, 1e-9) ??
    throughZero(cosines, unit) ??
    solve([...cosines.map((row, i) => [...row, -(unit[i] ?? 0)]), [...unit, 0]], [...unit.map(() => 0), 1]);
  const weights = corral.map((_, row) => (solution[row] ?? 0) * (unit[row] ?? 0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Where the affine hull holds 0: u with C u = 0 and r·u ≠ 0, or undefined. Found from C alone, because beside a vector that is shorter
 * by many orders the bordered system loses sight of two that cancel.
 */
function throughZero(correlation: readonly (readonly number[])[], unit: readonly number[]): number[] | undefined {
  const candidates = nullVectors(correlation).map((vector) => {
    const largest = Math.max(...vector.map(Math.abs));
    const clean = vector.map((value) => (Math.abs(value) < 1e-12 * largest ? 0 : value));
    const mass = clean.reduce((sum, value, i) => sum + Math.abs(value * (unit[i] ?? 0)), 0);
    return { clean, share: Math.abs(dot(clean, unit)) / mass };
  });
  const [best] = candidates.sort((a, b) => b.share - a.share);
  return best !== undefined && best.share > 1e-12 ? best.clean : undefined;
}

/** Groups of equal vectors: same length and cosine 1 up to rounding. */
function groupEqual(gram: Gram, lengths: readonly number[]): readonly (readonly number[])[] {
  const groups: number[][] = [];
  lengths.forEach((length, i) => {
    const group = groups.find(([first = 0]) => {
      const other = lengths[first] ?? 0;
      const squaredDistance = length * length + other * other - 2 * (gram[i]?.[first] ?? 0);
      return squaredDistance <= 4e-16 * (length * length + other * other);
    });
    if (group === undefined) groups.push([i]);
    else group.push(i);
  });
  return groups;
}

function uniformOver(indices: readonly number[], size: number): number[] {
  const weights = new Array<number>(size).fill(0);
  for (const i of indices) weights[i] = 1 / indices.length;
  return weights;
}

function normalised(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

import { minNormPoint } from "./min-norm.ts";
import { solvePositiveDefinite } from "./positive-definite.ts";
import { correlationOf, dot, lengthsOf, total, type Gram } from "./vectors.ts";

export interface PowerBalance {
  readonly weights: readonly number[];
  /** `none`: 0 lies in the convex hull of the gradients, so that no finite solution exists. */
  readonly status: "solved" | "none" | "not-converged";
}

/**
 * Solves `G x = x^(−1/α)` (element-wise) for x > 0: the balance that Nash-MTL (α = 1) and FairGrad ask for. It is where the strictly
 * convex `½ xᵀGx − Σ h(x_i)`, h′ = x^(−1/α), is stationary; found by a damped Newton method. Rows must not be zero.
 * Certificate of "solved": the largest relative residual `|(Gx)_i x_i^(1/α) − 1|` is at most 1e-8.
 *
 * Works in `u_i = x_i n_i^(2α/(1+α))`, where a lone row has the answer 1 whatever its length n_i: both terms of the objective get the
 * same factor `c_i = n_i^(2(1−α)/(1+α))`.
 */
export function balancePowers(gram: Gram, alpha: number): PowerBalance {
  const lengths = lengthsOf(gram);
  const factors = lengths.map((length) => length ** ((2 * (1 - alpha)) / (1 + alpha)));
  const unit = correlationOf(gram, lengths);
  const matrix = unit.map((row, i) => row.map((value, j) => value * Math.sqrt((factors[i] ?? 1) * (factors[j] ?? 1))));
  const { u, status: found } = newton({ matrix, factors, alpha }, unit);
  const status = found === "not-converged" && holdsZero(unit, 1e-12) ? "none" : found;
  return { weights: u.map((value, i) => value * (lengths[i] ?? 1) ** ((-2 * alpha) / (1 + alpha))), status };
}

interface Problem {
  readonly matrix: Gram;
  readonly factors: readonly number[];
  readonly alpha: number;
}

function newton(problem: Problem, unit: Gram): { readonly u: readonly number[]; readonly status: PowerBalance["status"] } {
  let u = evenStart(problem);
  for (let round = 0; round < 200 && !settled(problem, u); round++) {
    const step = newtonStep(problem, u);
    const next = step === undefined ? undefined : backtrack(problem, u, step);
    if (next === undefined) break;
    u = next;
    if (diverges(problem, u) && holdsZero(unit, 1e-6)) return { u, status: "none" };
  }
  return { u, status: residualOf(problem, u) <= 1e-8 ? "solved" : "not-converged" };
}

/** Equal values with `uᵀMu = Σ c_i u_i^(1−1/α)`, as the solution has it: exact for two rows with α = 1, however near to opposite. */
function evenStart({ matrix, factors, alpha }: Problem): readonly number[] {
  const square = total(matrix.map((row) => total(row)));
  const size = total(factors);
  const even = square > 1e-12 * size ? (size / square) ** (alpha / (1 + alpha)) : 1;
  return factors.map(() => even);
}

/** Whether 0 lies in the hull of these unit rows, or as near as this: the proof that there is no solution, or none that float64 can find. */
function holdsZero(unit: Gram, squaredNorm: number): boolean {
  return minNormPoint(unit).squaredNorm <= squaredNorm;
}

/**
 * Values so large that the search may be on its way to nowhere. u^(1+1/α) is 1 / (1 + cos) for two rows of one length: beyond 1e12 they are opposite,
 * as far as a Gram matrix in float64 can tell; lengths far apart come there with a solution as well, so the hull has the last word.
 */
function diverges({ alpha }: Problem, u: readonly number[]): boolean {
  return Math.max(...u) ** (1 + 1 / alpha) > 1e12;
}

function residualOf({ matrix, factors, alpha }: Problem, u: readonly number[]): number {
  return Math.max(...matrix.map((row, i) => Math.abs((dot(row, u) * (u[i] ?? 0) ** (1 / alpha)) / (factors[i] ?? 1) - 1)));
}

/** Whether each residual is 0, as far as rounding of the terms that cancel in it can tell. */
function settled({ matrix, factors, alpha }: Problem, u: readonly number[]): boolean {
  return matrix.every((row, i) => {
    const share = (u[i] ?? 0) ** (1 / alpha) / (factors[i] ?? 1);
    let [sum, size] = [0, 0];
    for (let j = 0; j < u.length; j++) {
      const term = (row[j] ?? 0) * (u[j] ?? 0);
      sum += term;
      size += Math.abs(term);
    }
    return Math.abs(sum * share - 1) <= 1e-13 + 1e-15 * size * share;
  });
}

function gradientOf({ matrix, factors, alpha }: Problem, u: readonly number[]): number[] {
  return matrix.map((row, i) => dot(row, u) - (factors[i] ?? 1) * (u[i] ?? 0) ** (-1 / alpha));
}

/** Undefined where the Hessian is singular in float64: the solution is about to diverge. */
function newtonStep(problem: Problem, u: readonly number[]): readonly number[] | undefined {
  const { matrix, factors, alpha } = problem;
  const hessian = matrix.map((row, i) => {
    const curvature = ((factors[i] ?? 1) / alpha) * (u[i] ?? 0) ** (-1 - 1 / alpha);
    return row.map((value, j) => (i === j ? value + curvature : value));
  });
  return solvePositiveDefinite(
    hessian,
    gradientOf(problem, u).map((value) => -value),
  );
}

/** The longest step that keeps a tenth of each value, halved until the objective falls; undefined where rounding hides any fall. */
function backtrack(problem: Problem, u: readonly number[], step: readonly number[]): number[] | undefined {
  const slope = dot(gradientOf(problem, u), step);
  const before = residualOf(problem, u);
  const longest = Math.min(1, ...u.map((value, i) => ((step[i] ?? 0) < 0 ? (-0.9 * value) / (step[i] ?? 0) : 1)));
  for (let length = longest; length > 1e-12 * longest; length /= 2) {
    const candidate = u.map((value, i) => value + length * (step[i] ?? 0));
    const change = objectiveChange(problem, u, candidate);
    // Near the solution the objective is flat to the last bit; there a smaller residual decides.
    if (change <= 1e-4 * length * slope || (length === 1 && residualOf(problem, candidate) < before)) return candidate;
  }
  return undefined;
}

/** Summed as differences, because the objective itself would lose the small changes. */
function objectiveChange({ matrix, factors, alpha }: Problem, from: readonly number[], to: readonly number[]): number {
  const move = to.map((value, i) => value - (from[i] ?? 0));
  const middle = to.map((value, i) => 0.5 * (value + (from[i] ?? 0)));
  const quadratic = matrix.reduce((sum, row, i) => sum + dot(row, middle) * (move[i] ?? 0), 0);
  const barrier = to.reduce((sum, value, i) => sum + (factors[i] ?? 1) * (potential(value, alpha) - potential(from[i] ?? 0, alpha)), 0);
  return quadratic - barrier;
}

function potential(u: number, alpha: number): number {
  return alpha === 1 ? Math.log(u) : u ** (1 - 1 / alpha) / (1 - 1 / alpha);
}

import type { Gram } from "./vectors.ts";

export interface Eigen {
  /** Decreasing. */
  readonly values: readonly number[];
  /** `vectors[k]` belongs to `values[k]`; orthonormal. */
  readonly vectors: readonly (readonly number[])[];
}

/** Eigen-decomposition of a symmetric K×K matrix by cyclic Jacobi rotations (Golub & Van Loan §8.5), in float64. */
export function eigenOf(matrix: Gram): Eigen {
  const size = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const vectors = Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (__, j) => (i === j ? 1 : 0)));
  // Converges quadratically: some ten sweeps at K = 50.
  for (let sweep = 0; sweep < 60 && offDiagonal(a) > 0; sweep++) {
    for (let p = 0; p < size - 1; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, p, q);
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => at(a, j, j) - at(a, i, i));
  return { values: order.map((i) => at(a, i, i)), vectors: order.map((i) => Array.from(vectors[i] ?? [])) };
}

/** Ranks are cut at `λ_max · K · 1.19e-7`: gradients come in single precision, so smaller ones are rounding. */
export function rankOf({ values }: Eigen): number {
  const [largest = 0] = values;
  return values.filter((value) => value > largest * values.length * 1.19e-7).length;
}

/** `Σ f(λ_k) v_k (v_k · x)` over the first `rank` pairs. */
export function applySpectrum({ values, vectors }: Eigen, rank: number, f: (value: number) => number, x: readonly number[]): number[] {
  const result = new Array<number>(x.length).fill(0);
  for (let k = 0; k < rank; k++) {
    const vector = vectors[k] ?? [];
    const factor = f(values[k] ?? 0) * vector.reduce((sum, value, i) => sum + value * (x[i] ?? 0), 0);
    vector.forEach((value, i) => (result[i] = (result[i] ?? 0) + factor * value));
  }
  return result;
}

/** Turns the p–q plane so that `a[p][q]` becomes 0, and takes the rows of `vectors` along. */
function rotate(a: readonly Float64Array[], vectors: readonly Float64Array[], p: number, q: number): void {
  const off = at(a, p, q);
  if (Math.abs(off) <= 1e-18 * Math.sqrt(Math.abs(at(a, p, p) * at(a, q, q)))) {
    put(a, p, q, 0);
    put(a, q, p, 0);
    return;
  }
  const theta = (at(a, q, q) - at(a, p, p)) / (2 * off);
  const tangent = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (let k = 0; k < a.length; k++) turnPair(a, k, p, k, q, cosine, sine);
  for (let k = 0; k < a.length; k++) turnPair(a, p, k, q, k, cosine, sine);
  for (let k = 0; k < a.length; k++) turnPair(vectors, p, k, q, k, cosine, sine);
}

function turnPair(m: readonly Float64Array[], i: number, j: number, k: number, l: number, cosine: number, sine: number): void {
  const [first, second] = [at(m, i, j), at(m, k, l)];
  put(m, i, j, cosine * first - sine * second);
  put(m, k, l, sine * first + cosine * second);
}

function offDiagonal(a: readonly Float64Array[]): number {
  return a.reduce((sum, row, i) => row.reduce((part, value, j) => (i === j ? part : part + Math.abs(value)), sum), 0);
}

function at(m: readonly Float64Array[], i: number, j: number): number {
  return m[i]?.[j] ?? 0;
}

function put(m: readonly Float64Array[], i: number, j: number, value: number): void {
  const row = m[i];
  if (row !== undefined) row[j] = value;
}

import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Gram } from "./vectors.ts";

export interface Eigen {
  /** Decreasing. */
  readonly values: readonly number[];
  /** `vectors[k]` belongs to `values[k]`; orthonormal. */
  readonly vectors: readonly (readonly number[])[];
}

/**
 * Eigen-decomposition of a symmetric K×K matrix in float64: Householder tridiagonalisation and implicit QL (ml-matrix, after EISPACK).
 * The matrix is brought to greatest entry 1 first, so that no intermediate square leaves the range of float64.
 */
export function eigenOf(matrix: Gram): Eigen {
  const scale = matrix.reduce((most, row) => row.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), most), 0);
  if (scale === 0) return { values: matrix.map(() => 0), vectors: matrix.map((_, i) => matrix.map((__, j) => (i === j ? 1 : 0))) };
  const scaled = matrix.map((row) => row.map((value) => value / scale));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(scaled), { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((i, j) => (realEigenvalues[j] ?? 0) - (realEigenvalues[i] ?? 0));
  return {
    values: order.map((i) => (realEigenvalues[i] ?? 0) * scale),
    vectors: order.map((i) => eigenvectorMatrix.getColumn(i)),
  };
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

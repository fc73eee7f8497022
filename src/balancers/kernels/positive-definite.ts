import type { Gram } from "./vectors.ts";

/**
 * Solves `matrix · x = right` for a symmetric positive definite matrix by Cholesky's factorisation, after scaling its diagonal to 1, so
 * that rows may differ by many orders. Undefined where a pivot is not above `least`: the matrix is singular, as far as is wanted to tell.
 */
export function solvePositiveDefinite(matrix: Gram, right: readonly number[], least = 1e-15): number[] | undefined {
  const size = right.length;
  const scales = scalesOf(matrix);
  const factor = scaledFactor(matrix, 1, least);
  if (factor === undefined) return undefined;
  const x = right.map((value, i) => value * (scales[i] ?? 0));
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] ?? 0) - (factor[i * size + k] ?? 0) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / (factor[i * size + i] ?? 1);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] = (x[i] ?? 0) - (factor[k * size + i] ?? 0) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / (factor[i * size + i] ?? 1);
  }
  return x.map((value, i) => value * (scales[i] ?? 0));
}

/**
 * Lower triangle of Cholesky's factor, row by row, of a symmetric matrix whose diagonal is scaled to 1 and then set to `diagonal`. Undefined where
 * a pivot is not above `least`.
 */
export function scaledFactor(matrix: Gram, diagonal: number, least: number): Float64Array | undefined {
  const size = matrix.length;
  const scales = scalesOf(matrix);
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = matrix[i] ?? [];
    for (let j = 0; j <= i; j++) {
      let rest = i === j ? diagonal : (row[j] ?? 0) * (scales[i] ?? 0) * (scales[j] ?? 0);
      for (let k = 0; k < j; k++) rest -= (factor[i * size + k] ?? 0) * (factor[j * size + k] ?? 0);
      if (i !== j) factor[i * size + j] = rest / (factor[j * size + j] ?? 1);
      else if (rest > least) factor[i * size + i] = Math.sqrt(rest);
      else return undefined;
    }
  }
  return factor;
}

function scalesOf(matrix: Gram): number[] {
  return matrix.map((row, i) => 1 / Math.sqrt(row[i] ?? 0));
}

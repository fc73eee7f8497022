/**
 * Least eigenvalue of gradients scaled to length 1 down to which products that are rounded to single precision will do. A solver's weights
 * are off by their rounding over this: some 1e-7 over it.
 */
const least = 0.005;

/** Whether no gradient is nearly a combination of the others: whether their scaled Gram matrix, less `least` of the unit matrix, has a Cholesky factor. */
export function areApart(gram: readonly (readonly number[])[]): boolean {
  const size = gram.length;
  const scales = gram.map((row, i) => 1 / Math.sqrt(row[i] ?? 0));
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = i === j ? 1 - least : (gram[i]?.[j] ?? 0) * (scales[i] ?? 0) * (scales[j] ?? 0);
      for (let k = 0; k < j; k++) rest -= (factor[i * size + k] ?? 0) * (factor[j * size + k] ?? 0);
      if (i !== j) factor[i * size + j] = rest / (factor[j * size + j] ?? 1);
      else if (rest > 0) factor[i * size + i] = Math.sqrt(rest);
      else return false;
    }
  }
  return true;
}

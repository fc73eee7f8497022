import { scaledFactor } from "../../balancers/kernels/positive-definite.ts";

/**
 * Least eigenvalue of gradients scaled to length 1 down to which products that are rounded to single precision will do. A solver's weights
 * are off by their rounding over this: some 1e-7 over it, or a few where products are computed from factors.
 */
const least = 0.005;

/** Whether no gradient is nearly a combination of the others: whether their scaled Gram matrix, less `least` of the unit matrix, has a Cholesky factor. */
export function areApart(gram: readonly (readonly number[])[]): boolean {
  return scaledFactor(gram, 1 - least, 0) !== undefined;
}

/**
 * Distances of the losses from their lower bounds, for methods that take logarithms: at least `epsilon`, so that a loss that has
 * come down to its bound still has one. Throws `RangeError` with the task's name for a loss below its bound: it has none.
 */
export function aboveBounds(
  losses: readonly number[],
  bounds: readonly number[],
  names: readonly (string | undefined)[],
  epsilon: number,
): number[] {
  return losses.map((loss, i) => {
    const bound = bounds[i] ?? 0;
    if (loss < bound) {
      throw new RangeError(
        `The loss of "${names[i] ?? ""}" is ${loss}, and this method needs losses of at least ${bound}. Use a loss that stays above, or another method.`,
      );
    }
    return Math.max(loss - bound, epsilon);
  });
}

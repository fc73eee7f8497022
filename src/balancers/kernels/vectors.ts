/** Gram matrix of K task gradients, row-major; symmetric, diagonal ≥ 0. */
export type Gram = readonly (readonly number[])[];

export function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  // A plain loop: most of a solver's time is spent here.
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** `gram · weights`: the product of each row with the combination. */
export function products(gram: Gram, weights: readonly number[]): number[] {
  return gram.map((row) => dot(row, weights));
}

/** Squared norm of the combination, wᵀGw; rounding never makes it negative. */
export function squaredNorm(gram: Gram, weights: readonly number[]): number {
  return Math.max(0, dot(products(gram, weights), weights));
}

/** Norms of the rows. */
export function lengthsOf(gram: Gram): number[] {
  return gram.map((row, i) => Math.sqrt(Math.max(0, row[i] ?? 0)));
}

/** Cosines between the rows; a zero row has cosine 0 with all others and 1 with itself. */
export function correlationOf(gram: Gram, lengths: readonly number[]): number[][] {
  return gram.map((row, i) =>
    row.map((value, j) => {
      const scale = (lengths[i] ?? 0) * (lengths[j] ?? 0);
      return i === j ? 1 : scale > 0 ? value / (lengths[i] ?? 1) / (lengths[j] ?? 1) : 0;
    }),
  );
}

/** The matrix without the rows and columns that are left out. */
export function restrict(gram: Gram, kept: readonly number[]): number[][] {
  return kept.map((i) => kept.map((j) => gram[i]?.[j] ?? 0));
}

/** Values of the kept places, spread over `size` places with 0 elsewhere. */
export function spread(values: readonly number[], kept: readonly number[], size: number): number[] {
  const all = new Array<number>(size).fill(0);
  kept.forEach((place, position) => (all[place] = values[position] ?? 0));
  return all;
}

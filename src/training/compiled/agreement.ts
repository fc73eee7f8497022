/** How far what a recording computes may be from what the step computes, as a share of its length. */
export const tolerance = 1e-4;
/** As a share of the longest block of its scale: where a value is 0 but for rounding, nothing but rounding is left to compare. */
export const toleranceOfScale = 1e-6;

type Block = Float32Array | undefined;

/** Whether two computations of blocks of one scale differ by no more than rounding explains. The same values that are not finite agree. */
export function agrees(expected: readonly Block[], found: readonly Block[]): boolean {
  const longest = expected.reduce((most, block) => Math.max(most, lengthOf(block ?? [])), 0);
  return expected.every((block, index) => {
    const other = found[index];
    if (block === undefined || other === undefined) return block === other;
    if (block.length !== other.length) return false;
    const allowed = tolerance * lengthOf(block) + toleranceOfScale * longest;
    return distance(block, other) <= allowed;
  });
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return Math.sqrt(sum);
}

/** Of what is finite. */
function lengthOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (Number.isFinite(value)) sum += value * value;
  }
  return Math.sqrt(sum);
}

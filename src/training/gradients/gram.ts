/** Rows of a Jacobian, one a present task, each in one block per common parameter; undefined where the task does not reach it. */
export type JacobianRow = readonly (Float32Array | undefined)[];

/** Sum of squares over all blocks. */
export function squaredNorm(row: JacobianRow): number {
  return row.reduce((sum, block) => (block === undefined ? sum : sum + dot(block, block)), 0);
}

/** Σ w_i g_i, block by block, in double precision; undefined where no row has the block. */
export function combine(rows: readonly JacobianRow[], weights: readonly number[], blocks: number): JacobianRow {
  return Array.from({ length: blocks }, (_, index) => {
    const parts = rows.flatMap((row, position) => {
      const block = row[index];
      return block === undefined ? [] : [{ block, weight: weights[position] ?? 0 }];
    });
    const [first, ...rest] = parts;
    if (first === undefined) return undefined;
    if (rest.length === 0 && first.weight === 1) return first.block;
    return weightedSum(parts, first.block.length);
  });
}

/** Elements that are added up at a time: their sums stay in the processor's nearest memory. */
const stretch = 2048;

function weightedSum(parts: readonly { readonly block: Float32Array; readonly weight: number }[], size: number): Float32Array {
  const sum = new Float32Array(size);
  const open = new Float64Array(Math.min(stretch, size));
  for (let start = 0; start < size; start += stretch) {
    const length = Math.min(stretch, size - start);
    open.fill(0);
    for (const { block, weight } of parts) {
      for (let i = 0; i < length; i++) open[i] = (open[i] ?? 0) + weight * (block[start + i] ?? 0);
    }
    for (let i = 0; i < length; i++) sum[start + i] = open[i] ?? 0;
  }
  return sum;
}

/** A row as one vector over all parameters, 0 where the task does not reach. */
export function flatten(row: JacobianRow, parameters: readonly Sized[]): Float32Array {
  const vector = new Float32Array(parameters.reduce((sum, { size }) => sum + size, 0));
  let start = 0;
  parameters.forEach(({ size }, index) => {
    const block = row[index];
    if (block !== undefined) vector.set(block, start);
    start += size;
  });
  return vector;
}

/** A vector over all parameters as a row of the task, undefined where it does not reach. */
export function inBlocks(vector: Float32Array | Float64Array, parameters: readonly Sized[], task: number | undefined): JacobianRow {
  let start = 0;
  return parameters.map(({ size, reach }) => {
    const block = vector.subarray(start, start + size);
    start += size;
    return task !== undefined && reach.includes(task) ? new Float32Array(block) : undefined;
  });
}

/** Size and reach of a parameter. */
interface Sized {
  readonly size: number;
  readonly reach: readonly number[];
}

/** Optimizers keep sums of squares in single precision, which ends at 3.4e38: beyond this a weight would never move again. */
const largestSquare = 1e37;

/** Any element that is not finite, or whose square would overflow an accumulator, shows in the sum of squares. */
export function isFinite(rows: readonly JacobianRow[]): boolean {
  return rows.every((row) => isFiniteSquare(squaredNorm(row)));
}

/** The same of a sum of squares. */
export function isFiniteSquare(square: number): boolean {
  return square <= largestSquare;
}

/** The plain loop: V8 makes it three times faster than one that is unrolled by hand. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

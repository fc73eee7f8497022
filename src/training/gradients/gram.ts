/** Rows of a Jacobian, one a present task, each in one block per common parameter; undefined where the task does not reach it. */
export type JacobianRow = readonly (Float32Array | undefined)[];

/** `J Jᵀ`, summed in double precision. Symmetric; entries of tasks without a common parameter are 0. */
export function gramMatrix(rows: readonly JacobianRow[]): number[][] {
  const gram = rows.map(() => new Array<number>(rows.length).fill(0));
  rows.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const value = blockwiseDot(row, rows[j] ?? []);
      gram[i]?.splice(j, 1, value);
      gram[j]?.splice(i, 1, value);
    }
  });
  return gram;
}

/** Euclidean norm of each row. */
export function rowNorms(rows: readonly JacobianRow[]): number[] {
  return rows.map((row) => Math.sqrt(blockwiseDot(row, row)));
}

/**
 * Cosine between two rows over the parameters that both tasks reach; elsewhere a row is 0 by structure, not by agreement.
 * Undefined where one of them is 0 there.
 */
export function cosine(a: JacobianRow, b: JacobianRow): number | undefined {
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((block, index) => {
    const other = b[index];
    if (block === undefined || other === undefined) return;
    ab += dot(block, other);
    aa += dot(block, block);
    bb += dot(other, other);
  });
  const length = Math.sqrt(aa) * Math.sqrt(bb);
  return length > 0 ? Math.min(1, Math.max(-1, ab / length)) : undefined;
}

/** Sum of squares over all blocks. */
export function squaredNorm(row: JacobianRow): number {
  return blockwiseDot(row, row);
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
    const sum = new Float64Array(first.block.length);
    for (const { block, weight } of parts) for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + weight * (block[i] ?? 0);
    return Float32Array.from(sum);
  });
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
    return task !== undefined && reach.includes(task) ? Float32Array.from(block) : undefined;
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
  return rows.every((row) => squaredNorm(row) <= largestSquare);
}

function blockwiseDot(a: JacobianRow, b: JacobianRow): number {
  return a.reduce((sum, block, index) => {
    const other = b[index];
    return block === undefined || other === undefined ? sum : sum + dot(block, other);
  }, 0);
}

/** The plain loop: V8 makes it three times faster than one that is unrolled by hand. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

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

function blockwiseDot(a: JacobianRow, b: JacobianRow): number {
  return a.reduce((sum, block, index) => {
    const other = b[index];
    return block === undefined || other === undefined ? sum : sum + dot(block, other);
  }, 0);
}

/** Four running sums, because one would wait for itself at every addition. */
function dot(a: Float32Array, b: Float32Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  let i = 0;
  for (; i < whole; i += 4) {
    s0 += (a[i] ?? 0) * (b[i] ?? 0);
    s1 += (a[i + 1] ?? 0) * (b[i + 1] ?? 0);
    s2 += (a[i + 2] ?? 0) * (b[i + 2] ?? 0);
    s3 += (a[i + 3] ?? 0) * (b[i + 3] ?? 0);
  }
  for (; i < a.length; i++) s0 += (a[i] ?? 0) * (b[i] ?? 0);
  return s0 + s1 + (s2 + s3);
}

import type { KernelContext } from "../kernel-context.ts";

/** A product [m, k] · [k, n] of matrices at addresses, `a` lying as [k, m] with `transposeA`. */
export interface ThinProduct {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  /** Address, or 0 for none. */
  readonly bias: number;
  readonly relu: 0 | 1;
}

/** Computes a product with one column, or of one column with one row; false where it is neither, and nothing is done. */
export function multiplyThin(context: KernelContext, product: ThinProduct): boolean {
  const { program } = context;
  const { a, b, out, m, n, k, transposeA, bias, relu } = product;
  const isFinished = bias === 0 && relu === 0;
  if (n === 1 && !transposeA) {
    const run = m >= 4 ? program.rowsTimesVector4 : program.rowsTimesVector1;
    run(a, k * 4, b, out, m, k, bias, relu);
    return true;
  }
  if (n === 1 && isFinished) {
    multiplyTransposed(context, product);
    return true;
  }
  if (k === 1 && n >= 4 && isFinished) {
    program.outerProduct(a, b, out, m, n);
    return true;
  }
  return false;
}

/** out[m] = Σ_k a[k][m] · b[k] */
function multiplyTransposed({ heap, program }: KernelContext, { a, b, out, m, k }: ThinProduct): void {
  const width = Math.ceil(m / 4);
  const sums = heap.scratch("product:sums", width * 4);
  const floats = heap.floats();
  floats.fill(0, sums / 4, sums / 4 + width * 4);
  const groups = Math.floor(k / 4);
  const left = k % 4;
  if (groups > 0) program.addScaledRows4(a, m * 4, b, sums, width, groups);
  if (left > 0) program.addScaledRows1(a + groups * 4 * m * 4, m * 4, b + groups * 4 * 4, sums, width, left);
  floats.copyWithin(out / 4, sums / 4, sums / 4 + m);
}

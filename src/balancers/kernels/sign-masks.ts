/** Which share of an element passes where its sign was not drawn, and how much the majority counts. */
export interface SignMasking {
  readonly leak: number;
  readonly k: number;
}

type Row = Float32Array | Float64Array;

/**
 * GradDrop's masks (Chen et al., NeurIPS 2020, arXiv 2010.06808): one sign is drawn for each element, and every row keeps its element
 * where it has that sign, `leak` times it where it has not,
 *
 *   P = ½ (1 + k Σ g_i / Σ |g_i|),   positive where P > U,   U = bits / 2³², uniform in [0, 1)
 *
 * Where all signs agree, k ≥ 1 leaves no doubt. One draw an element, also where all are 0, so that a stream's place depends on n alone.
 */
export function signMasked(rows: readonly Row[], masking: SignMasking, bits: Uint32Array): readonly Float64Array[] {
  const masked = rows.map((row) => new Float64Array(row.length));
  inStretches(rows, masking, bits, (start, factors) => {
    rows.forEach((row, position) => {
      const own = masked[position];
      if (own !== undefined) mask(row, start, factors, own.subarray(start, start + factors.length));
    });
  });
  return masked;
}

/** Σ w_i row_i of masked rows, which are rounded to floats before they are added up. */
export function maskedSum(
  rows: readonly Row[],
  weights: readonly number[],
  masking: SignMasking,
  bits: Uint32Array,
  sum: Float32Array,
): void {
  const [total, part] = [new Float64Array(stretch), new Float32Array(stretch)];
  inStretches(rows, masking, bits, (start, factors) => {
    const { length } = factors;
    total.fill(0);
    rows.forEach((row, position) => {
      const weight = weights[position] ?? 0;
      mask(row, start, factors, part);
      for (let i = 0; i < length; i++) total[i] = (total[i] ?? 0) + weight * (part[i] ?? 0);
    });
    for (let i = 0; i < length; i++) sum[start + i] = total[i] ?? 0;
  });
}

/** Elements that are looked at together: their sums stay near the processor. */
const stretch = 2048;

/** What passes of positive and of negative elements. */
interface Factors {
  readonly up: Float64Array;
  readonly down: Float64Array;
  readonly length: number;
}

function inStretches(
  rows: readonly Row[],
  { leak, k }: SignMasking,
  bits: Uint32Array,
  visit: (start: number, factors: Factors) => void,
): void {
  const [sum, absolute] = [new Float64Array(stretch), new Float64Array(stretch)];
  const [up, down] = [new Float64Array(stretch), new Float64Array(stretch)];
  // Looked up, for no processor can foresee a branch that chance decides.
  const passing = Float64Array.of(leak, 1);
  for (let start = 0; start < bits.length; start += stretch) {
    const length = Math.min(stretch, bits.length - start);
    sum.fill(0);
    absolute.fill(0);
    for (const row of rows) addTo(sum, absolute, row, start, length);
    for (let i = 0; i < length; i++) {
      const whole = absolute[i] ?? 0;
      const purity = (k * (sum[i] ?? 0)) / (whole + Number(whole === 0));
      const isPositive = Number(0.5 * (1 + purity) > (bits[start + i] ?? 0) / 2 ** 32);
      up[i] = passing[isPositive] ?? 0;
      down[i] = passing[1 - isPositive] ?? 0;
    }
    visit(start, { up, down, length });
  }
}

function addTo(sum: Float64Array, absolute: Float64Array, row: Row, start: number, length: number): void {
  for (let i = 0; i < length; i++) {
    const value = row[start + i] ?? 0;
    sum[i] = (sum[i] ?? 0) + value;
    absolute[i] = (absolute[i] ?? 0) + Math.abs(value);
  }
}

function mask(row: Row, start: number, { up, down, length }: Factors, masked: Row): void {
  for (let i = 0; i < length; i++) {
    const value = row[start + i] ?? 0;
    const size = Math.abs(value);
    // Exact: one of the two is 0, and the other twice the value.
    masked[i] = 0.5 * ((value + size) * (up[i] ?? 0) + (value - size) * (down[i] ?? 0));
  }
}

import type { RandomStream } from "./random-stream.ts";

/**
 * GradDrop's masks (Chen et al., NeurIPS 2020, arXiv 2010.06808): one sign is drawn for each element, and every row keeps its element
 * where it has that sign, `leak` times it where it has not,
 *
 *   P = ½ (1 + k Σ g_i / Σ |g_i|),   positive where P > U,   U uniform in [0, 1)
 *
 * Where all signs agree, k ≥ 1 leaves no doubt. One draw an element, also where all are 0, so that a stream's place depends on n alone.
 */
export function signMasked(
  rows: readonly (Float32Array | Float64Array)[],
  { leak, k }: { readonly leak: number; readonly k: number },
  stream: RandomStream,
): readonly Float64Array[] {
  const size = rows[0]?.length ?? 0;
  const sum = new Float64Array(size);
  const absolute = new Float64Array(size);
  for (const row of rows) {
    for (let i = 0; i < size; i++) {
      const value = row[i] ?? 0;
      sum[i] = (sum[i] ?? 0) + value;
      absolute[i] = (absolute[i] ?? 0) + Math.abs(value);
    }
  }
  // What passes of a positive and of a negative element: factors in place of a branch that no processor can foresee.
  const [up, down] = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < size; i++) {
    const whole = absolute[i] ?? 0;
    const purity = whole > 0 ? (k * (sum[i] ?? 0)) / whole : 0;
    const positive = 0.5 * (1 + purity) > stream.uniform();
    up[i] = positive ? 1 : leak;
    down[i] = positive ? leak : 1;
  }
  return rows.map((row) => {
    const masked = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const value = row[i] ?? 0;
      masked[i] = Math.max(0, value) * (up[i] ?? 0) + Math.min(0, value) * (down[i] ?? 0);
    }
    return masked;
  });
}

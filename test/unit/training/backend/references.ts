/** Plain float64 loops that say what the kernels should compute. Shapes as TensorFlow.js has them: [batch, y, x, channel]. */

export interface ConvolutionCase {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly outputs: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export function outputSize(c: ConvolutionCase): { readonly height: number; readonly width: number } {
  return {
    height: Math.floor((c.height + c.top + c.bottom - c.filterHeight) / c.strideY) + 1,
    width: Math.floor((c.width + c.left + c.right - c.filterWidth) / c.strideX) + 1,
  };
}

/** Visits every product of a convolution: positions in the pictures, the filter and the output. */
function visit(c: ConvolutionCase, each: (x: number, filter: number, out: number) => void): void {
  const out = outputSize(c);
  for (const [b, oy, ox, fy, fx] of indices(c.batch, out.height, out.width, c.filterHeight, c.filterWidth)) {
    const y = oy * c.strideY + fy - c.top;
    const x = ox * c.strideX + fx - c.left;
    if (y < 0 || y >= c.height || x < 0 || x >= c.width) continue;
    const pixel = (b * c.height + y) * c.width + x;
    const tap = fy * c.filterWidth + fx;
    const output = (b * out.height + oy) * out.width + ox;
    for (let i = 0; i < c.channels * c.outputs; i++) {
      const channel = Math.floor(i / c.outputs);
      each(pixel * c.channels + channel, (tap * c.channels + channel) * c.outputs + (i % c.outputs), output * c.outputs + (i % c.outputs));
    }
  }
}

/** All combinations of five whole numbers below these bounds, the last changing fastest. */
function* indices(
  n1: number,
  n2: number,
  n3: number,
  n4: number,
  n5: number,
): Generator<readonly [number, number, number, number, number]> {
  for (let i = 0; i < n1 * n2 * n3 * n4 * n5; i++) {
    const [r4, r3, r2, r1] = [Math.floor(i / n5), Math.floor(i / n5 / n4), Math.floor(i / n5 / n4 / n3), Math.floor(i / n5 / n4 / n3 / n2)];
    yield [r1, r2 % n2, r3 % n3, r4 % n4, i % n5];
  }
}

export function convolve(c: ConvolutionCase, x: ArrayLike<number>, filter: ArrayLike<number>): Float64Array {
  const { height, width } = outputSize(c);
  const result = new Float64Array(c.batch * height * width * c.outputs);
  visit(c, (i, f, o) => (result[o] = number(result, o) + number(x, i) * number(filter, f)));
  return result;
}

export function filterGradient(c: ConvolutionCase, x: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  const result = new Float64Array(c.filterHeight * c.filterWidth * c.channels * c.outputs);
  visit(c, (i, f, o) => (result[f] = number(result, f) + number(x, i) * number(dy, o)));
  return result;
}

export function pictureGradient(c: ConvolutionCase, filter: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  const result = new Float64Array(c.batch * c.height * c.width * c.channels);
  visit(c, (i, f, o) => (result[i] = number(result, i) + number(filter, f) * number(dy, o)));
  return result;
}

/** a · b with `a` lying as [m, k] or, transposed, [k, m]; `b` as [k, n] or [n, k]. */
export function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  k: number,
  n: number,
  transposeA: boolean,
  transposeB: boolean,
): Float64Array {
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += number(a, transposeA ? p * m + i : i * k + p) * number(b, transposeB ? j * k + p : p * n + j);
      result[i * n + j] = sum;
    }
  return result;
}

export function number(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`No element ${index} of ${values.length}.`);
  return value;
}

/**
 * The largest difference, relative to the largest expected value; or of `magnitudes`, the same sums of absolute values: where
 * large products cancel, rounding shows in proportion to those.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, magnitudes: ArrayLike<number> = expected): number {
  if (actual.length !== expected.length) throw new RangeError(`${actual.length} values where ${expected.length} are expected.`);
  let worst = 0;
  let scale = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(number(actual, i) - number(expected, i));
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(number(magnitudes, i)));
  }
  return worst / scale;
}

/** Reproducible numbers in (-1, 1) (mulberry32). */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** `count` different numbers around 0, at least 0.11 apart and 0.03 from 0, in a reproducible disorder: safe beside kinks. */
export function apart(count: number, seed: number): Float32Array {
  const order = [...numbers(count, seed)].map((value, i) => ({ value, i })).sort((a, b) => a.value - b.value);
  const result = new Float32Array(count);
  order.forEach(({ i }, rank) => (result[i] = (rank - count / 2 + 0.3) * Math.max(0.11, 4 / count)));
  return result;
}

import * as tf from "@tensorflow/tfjs-core";
import { fc, test } from "@fast-check/vitest";
import { beforeAll, describe, expect } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import {
  type ConvolutionCase,
  convolve,
  filterGradient,
  numbers,
  outputSize,
  pictureGradient,
  product,
  relativeError,
} from "./references.ts";

/** Float32 sums of some hundred products. */
const tolerance = 2e-6;

beforeAll(async () => {
  await startBackend("wasm");
});

/** Runs `compute` and reads its result, leaving nothing behind. */
function values(compute: () => tf.Tensor): Float32Array {
  const result = tf.tidy(compute);
  const data = Float32Array.from(result.dataSync());
  result.dispose();
  return data;
}

const size = (max: number) => fc.integer({ min: 1, max });

describe("matrix products", () => {
  test.prop([size(21), size(40), size(21), fc.boolean(), fc.boolean(), fc.integer()])(
    "agree with float64 for every shape and transpose",
    (m, k, n, transposeA, transposeB, seed) => {
      const a = numbers(m * k, seed);
      const b = numbers(k * n, seed + 1);
      const actual = values(() =>
        tf.matMul(tf.tensor(a, transposeA ? [k, m] : [m, k]), tf.tensor(b, transposeB ? [n, k] : [k, n]), transposeA, transposeB),
      );
      const expected = product(a, b, m, k, n, transposeA, transposeB);
      const magnitudes = product(a.map(Math.abs), b.map(Math.abs), m, k, n, transposeA, transposeB);
      expect(relativeError(actual, expected, magnitudes)).toBeLessThan(tolerance);
    },
  );

  test.prop([fc.constantFrom("m", "k", "n"), size(1025), size(70), fc.boolean(), fc.boolean(), fc.integer()])(
    "agree with float64 where a side has a single row or column",
    (single, long, short, transposeA, transposeB, seed) => {
      const [m, k, n] = single === "m" ? [1, long, short] : single === "k" ? [long, 1, short] : [short, long, 1];
      const a = numbers(m * k, seed);
      const b = numbers(k * n, seed + 1);
      const actual = values(() =>
        tf.matMul(tf.tensor(a, transposeA ? [k, m] : [m, k]), tf.tensor(b, transposeB ? [n, k] : [k, n]), transposeA, transposeB),
      );
      const expected = product(a, b, m, k, n, transposeA, transposeB);
      const magnitudes = product(a.map(Math.abs), b.map(Math.abs), m, k, n, transposeA, transposeB);
      expect(actual).toHaveLength(m * n);
      expect(relativeError(actual, expected, magnitudes)).toBeLessThan(tolerance);
    },
  );

  test("keep the NaN and infinity of a number for its own row of a product with one column", () => {
    const a = tf.tensor2d(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((value) => (value === 7 ? NaN : value === 11 ? Infinity : value)),
      [5, 3],
    );
    const column = values(() => tf.matMul(a, tf.tensor2d([1, 0, 0], [3, 1])));
    expect([...column]).toEqual([1, 4, NaN, NaN, 13]);
    const b = tf.ones<tf.Rank.R2>([5, 1]);
    expect([...values(() => tf.matMul(a, b, true, false))]).toEqual([NaN, Infinity, 45]);
    tf.dispose([a, b]);
  });

  test.each([1, 3, 4, 9])("add the bias and cut at zero with one column and %i rows", async (rows) => {
    const run = () =>
      values(() =>
        tf.fused.matMul({
          a: tf.tensor(numbers(rows * 7, 3), [rows, 7]),
          b: tf.tensor(numbers(7, 4), [7, 1]),
          bias: tf.tensor(numbers(1, 5)),
          activation: "relu",
        }),
      );
    expect(relativeError(run(), await onCpu(run))).toBeLessThan(tolerance);
  });

  test.prop([size(4), size(6), size(6), size(6), fc.constantFrom("both", "left", "right"), fc.boolean(), fc.boolean()])(
    "agree with the cpu backend for batches, also where one side has a single matrix",
    async (batch, m, k, n, batched, transposeA, transposeB) => {
      const a = numbers(batch * m * k, 1);
      const b = numbers(batch * k * n, 2);
      const run = () =>
        values(() =>
          tf.matMul(
            tf.tensor(batched === "right" ? a.slice(0, m * k) : a, [batched === "right" ? 1 : batch, ...(transposeA ? [k, m] : [m, k])]),
            tf.tensor(batched === "left" ? b.slice(0, k * n) : b, [batched === "left" ? 1 : batch, ...(transposeB ? [n, k] : [k, n])]),
            transposeA,
            transposeB,
          ),
        );
      const actual = run();
      expect(relativeError(actual, await onCpu(run))).toBeLessThan(tolerance);
    },
  );

  test("add the bias and cut at zero in one go", async () => {
    const run = (activation: "linear" | "relu" | "elu") =>
      values(() =>
        tf.fused.matMul({
          a: tf.tensor(numbers(35, 3), [5, 7]),
          b: tf.tensor(numbers(63, 4), [7, 9]),
          bias: tf.tensor(numbers(9, 5)),
          activation,
        }),
      );
    for (const activation of ["linear", "relu", "elu"] as const) {
      expect(relativeError(run(activation), await onCpu(() => run(activation)))).toBeLessThan(tolerance);
    }
  });

  test("take no rows, and refuse shapes that do not fit", () => {
    expect(values(() => tf.matMul(tf.zeros([0, 5]), tf.ones([5, 3])))).toHaveLength(0);
    expect(() => values(() => tf.matMul(tf.zeros([2, 4]), tf.ones([5, 3])))).toThrow(/inner/i);
  });

  test("read what a variable holds now", () => {
    const weights = tf.variable(tf.ones([6, 6]));
    const x = tf.ones([3, 6]);
    expect([...new Set(values(() => tf.matMul(x, weights)))]).toEqual([6]);
    tf.tidy(() => weights.assign(tf.fill([6, 6], 2)));
    expect([...new Set(values(() => tf.matMul(x, weights)))]).toEqual([12]);
    tf.dispose([weights, x]);
  });
});

/** Convolutions with any stride, and padding up to the filter's size less one. */
const convolutions = fc
  .record({
    batch: size(5),
    channels: size(6),
    outputs: size(21),
    filterHeight: size(4),
    filterWidth: size(5),
    strideY: size(3),
    strideX: size(3),
    extraHeight: fc.nat(12),
    extraWidth: fc.nat(12),
    padding: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(4), fc.nat(4)),
  }) // prettier-ignore
  .map(({ extraHeight, extraWidth, padding: [top, bottom, left, right], ...c }): ConvolutionCase => {
    const [height, width] = [c.filterHeight + extraHeight, c.filterWidth + extraWidth];
    return {
      ...c,
      height,
      width,
      top: top % c.filterHeight,
      bottom: bottom % c.filterHeight,
      left: left % c.filterWidth,
      right: right % c.filterWidth,
    };
  });

type Explicit = [[number, number], [number, number], [number, number], [number, number]];
const paddingOf = (c: ConvolutionCase): Explicit => [[0, 0], [c.top, c.bottom], [c.left, c.right], [0, 0]]; // prettier-ignore

describe("convolutions", () => {
  const setUp = (c: ConvolutionCase) => {
    const out = outputSize(c);
    return {
      x: numbers(c.batch * c.height * c.width * c.channels, 1),
      filter: numbers(c.filterHeight * c.filterWidth * c.channels * c.outputs, 2),
      dy: numbers(c.batch * out.height * out.width * c.outputs, 3),
      xShape: [c.batch, c.height, c.width, c.channels] satisfies [number, number, number, number],
      filterShape: [c.filterHeight, c.filterWidth, c.channels, c.outputs] satisfies [number, number, number, number],
      dyShape: [c.batch, out.height, out.width, c.outputs] satisfies [number, number, number, number],
    };
  };

  test.prop([convolutions])("agree with float64 forward", (c) => {
    const { x, filter, xShape, filterShape } = setUp(c);
    const actual = values(() => tf.conv2d(tf.tensor4d(x, xShape), tf.tensor4d(filter, filterShape), [c.strideY, c.strideX], paddingOf(c)));
    expect(relativeError(actual, convolve(c, x, filter), convolve(c, x.map(Math.abs), filter.map(Math.abs)))).toBeLessThan(tolerance);
  });

  test.prop([convolutions])("agree with float64 in the filter's gradient", (c) => {
    const { x, dy, xShape, dyShape, filterShape } = setUp(c);
    const attributes = { strides: [c.strideY, c.strideX], pad: paddingOf(c), dataFormat: "NHWC", filterShape };
    const actual = values(() =>
      one(tf.engine().runKernel("Conv2DBackpropFilter", { x: tf.tensor(x, xShape), dy: tf.tensor(dy, dyShape) }, attributes)),
    );
    expect(relativeError(actual, filterGradient(c, x, dy), filterGradient(c, x.map(Math.abs), dy.map(Math.abs)))).toBeLessThan(tolerance);
  });

  test.prop([convolutions])("agree with float64 in the pictures' gradient", (c) => {
    const { filter, dy, xShape, dyShape, filterShape } = setUp(c);
    const attributes = { strides: [c.strideY, c.strideX], pad: paddingOf(c), dataFormat: "NHWC", inputShape: xShape };
    const actual = values(() =>
      one(tf.engine().runKernel("Conv2DBackpropInput", { dy: tf.tensor(dy, dyShape), filter: tf.tensor(filter, filterShape) }, attributes)),
    );
    expect(relativeError(actual, pictureGradient(c, filter, dy), pictureGradient(c, filter.map(Math.abs), dy.map(Math.abs)))).toBeLessThan(
      tolerance,
    );
  });

  test.prop([fc.constantFrom("linear", "relu", "elu", "dilated")], { numRuns: 4 })(
    "fused with bias and activation agree with the cpu backend",
    async (kind) => {
      const run = () =>
        values(() =>
          tf.fused.conv2d({
            x: tf.tensor4d(numbers(3 * 7 * 6 * 2, 1), [3, 7, 6, 2]),
            filter: tf.tensor4d(numbers(3 * 2 * 2 * 5, 2), [3, 2, 2, 5]),
            strides: 1,
            pad: "same",
            dilations: kind === "dilated" ? 2 : 1,
            bias: tf.tensor1d(numbers(5, 3)),
            activation: kind === "dilated" ? "linear" : kind,
          }),
        );
      expect(relativeError(run(), await onCpu(run))).toBeLessThan(tolerance);
    },
  );

  test("of no pictures give no pictures and a zero gradient", () => {
    const x = tf.zeros<tf.Rank.R4>([0, 5, 5, 2]);
    const filter = tf.ones<tf.Rank.R4>([3, 3, 2, 4]);
    expect(values(() => tf.conv2d(x, filter, 1, "valid"))).toHaveLength(0);
    const [dx, dFilter] = tf.grads((a: tf.Tensor, b: tf.Tensor) => {
      const pictures: tf.Tensor4D = tf.reshape(a, [0, 5, 5, 2]);
      return tf.conv2d(pictures, tf.reshape<tf.Rank.R4>(b, [3, 3, 2, 4]), 1, "valid");
    })([x, filter]);
    expect(dx?.shape).toEqual([0, 5, 5, 2]);
    expect([...new Set(dFilter?.dataSync())]).toEqual([0]);
    tf.dispose([x, filter, dx ?? [], dFilter ?? []]);
  });
});

describe("max pooling", () => {
  test.each([
    ["windows apart", 2, 2, "valid", 5],
    ["windows apart, few channels", 2, 2, "valid", 3],
    ["windows that leave pixels out", 2, 3, "valid", 6],
    ["overlapping windows", 3, 2, "same", 5],
  ] as const)("gives a tie's gradient to the first of the maxima: %s", async (_, size, stride, pad, channels) => {
    const run = () =>
      values(() => {
        // Three different values only, so that most windows have a tie.
        const x = tf.tensor(
          numbers(2 * 7 * 6 * channels, 4).map((value) => Math.round(value)),
          [2, 7, 6, channels],
        );
        const pooled = (input: tf.Tensor) => tf.maxPool(tf.reshape<tf.Rank.R4>(input, [2, 7, 6, channels]), size, stride, pad);
        return tf.grad((input) => tf.mul(pooled(input), tf.tensor(numbers(pooled(x).size, 5), pooled(x).shape)))(x);
      });
    expect(relativeError(run(), await onCpu(run))).toBeLessThan(tolerance);
  });
});

describe("sums", () => {
  test.each([
    [[1037, 7], 0],
    [
      [9, 5, 3, 6],
      [0, 1, 2],
    ],
    [[4, 2], 0],
    [[5, 1], 0],
    [
      [3, 4, 5],
      [0, 2],
    ],
    [[0, 4], 0],
    [[6, 4], undefined],
  ] as const)("of %j over %j agree with the cpu backend", async (shape, axis) => {
    const data = numbers(tf.util.sizeFromShape([...shape]), 8);
    const run = () => values(() => tf.sum(tf.tensor(data, [...shape]), typeof axis === "object" ? [...axis] : axis));
    const actual = run();
    const expected = await onCpu(run);
    expect(actual).toHaveLength(expected.length);
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
  });

  test.each([[0], undefined])("of nothing over %j are 0, whatever lay in the memory before", (axis) => {
    for (let size = 1; size <= 8; size++) values(() => tf.fill([size], 7));
    expect([...new Set(values(() => tf.sum(tf.zeros([0, 4]), axis)))]).toEqual([0]);
  });
});

function one(result: tf.Tensor | tf.Tensor[]): tf.Tensor {
  if (Array.isArray(result)) throw new TypeError("Expected one result.");
  return result;
}

async function onCpu<T>(run: () => T): Promise<T> {
  await tf.setBackend("cpu");
  try {
    return run();
  } finally {
    await tf.setBackend("wasm");
  }
}

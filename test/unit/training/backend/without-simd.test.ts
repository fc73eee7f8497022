import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type StartedBackend, startBackend } from "../../../../src/training/backend/backend.ts";
import { kernelContext } from "../../../../src/training/backend/kernels.ts";
import { convolve, filterGradient, numbers, pictureGradient, product, relativeError } from "./references.ts";

/** A machine whose processor has no SIMD for WebAssembly: the flag by which TensorFlow.js tells is set beforehand. */
let started: StartedBackend;

beforeAll(async () => {
  tf.env().set("WASM_HAS_SIMD_SUPPORT", false);
  started = await startBackend("wasm");
});

const tolerance = 2e-6;

function values(compute: () => tf.Tensor): Float32Array {
  const result = tf.tidy(compute);
  const data = Float32Array.from(result.dataSync());
  result.dispose();
  return data;
}

describe("without SIMD", () => {
  test("the run is told, and none of our routines are linked", () => {
    expect(started.name).toBe("wasm");
    expect(started.note).toMatch(/no SIMD/);
    expect(kernelContext()).toBeUndefined();
  });

  test("products agree with float64", () => {
    const [m, k, n] = [7, 21, 5];
    const [a, b] = [numbers(m * k, 1), numbers(k * n, 2)];
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const actual = values(() =>
        tf.matMul(tf.tensor(a, transposeA ? [k, m] : [m, k]), tf.tensor(b, transposeB ? [n, k] : [k, n]), transposeA, transposeB),
      );
      expect(relativeError(actual, product(a, b, m, k, n, transposeA, transposeB))).toBeLessThan(tolerance);
    }
  });

  test("a convolution and its two gradients agree with float64", () => {
    const c = {
      ...{ batch: 2, height: 7, width: 6, channels: 3, filterHeight: 3, filterWidth: 2, outputs: 5, strideY: 2, strideX: 1 },
      ...{ top: 0, bottom: 0, left: 0, right: 0 },
    };
    const xShape: [number, number, number, number] = [2, 7, 6, 3];
    const filterShape: [number, number, number, number] = [3, 2, 3, 5];
    const [x, filter, dy] = [numbers(2 * 7 * 6 * 3, 1), numbers(3 * 2 * 3 * 5, 2), numbers(2 * 3 * 5 * 5, 3)];
    const run = (pictures: tf.Tensor, weights: tf.Tensor) =>
      tf.conv2d(tf.reshape<tf.Rank.R4>(pictures, xShape), tf.reshape<tf.Rank.R4>(weights, filterShape), [2, 1], "valid");
    expect(
      relativeError(
        values(() => run(tf.tensor(x, xShape), tf.tensor(filter, filterShape))),
        convolve(c, x, filter),
      ),
    ).toBeLessThan(tolerance);
    const [dx, dFilter] = tf.grads(run)([tf.tensor(x, xShape), tf.tensor(filter, filterShape)], tf.tensor(dy, [2, 3, 5, 5]));
    if (dx === undefined || dFilter === undefined) throw new Error("A convolution has two gradients.");
    expect(relativeError(dx.dataSync<"float32">(), pictureGradient(c, filter, dy))).toBeLessThan(tolerance);
    expect(relativeError(dFilter.dataSync<"float32">(), filterGradient(c, x, dy))).toBeLessThan(tolerance);
    tf.dispose([dx, dFilter]);
  });

  test("NaN stays NaN under every bound and pooling, and a sum of nothing is 0", () => {
    const x = tf.tensor1d([NaN, 9, -9, 1, 2]);
    expect([...values(() => tf.clipByValue(x, -1, 3))]).toEqual([NaN, 3, -1, 1, 2]);
    expect([...values(() => tf.relu6(x))]).toEqual([NaN, 6, 0, 1, 2]);
    expect([...values(() => tf.maximum(x, 0))]).toEqual([NaN, 9, 0, 1, 2]);
    expect([...values(() => tf.minimum(x, 0))]).toEqual([NaN, 0, -9, 0, 0]);
    const pictures = tf.tensor4d([NaN, 1, 2, 3, 4, 5, 6, 7], [1, 2, 4, 1]);
    expect([...values(() => tf.maxPool(pictures, 2, 2, "valid"))]).toEqual([NaN, 7]);
    expect([...values(() => tf.avgPool(pictures, 2, 2, "valid"))]).toEqual([NaN, 4.5]);
    expect([...values(() => tf.sum(tf.zeros([0, 3]), 0))]).toEqual([0, 0, 0]);
    tf.dispose([x, pictures]);
  });

  test("a step's gradients through relu, pooling and a dense layer agree with differences", () => {
    const x = numbers(2 * 6 * 6 * 4, 5);
    const weights = tf.tensor(numbers(36, 6), [36, 1]);
    const loss = (input: tf.Tensor) => {
      const pooled = tf.maxPool(tf.relu(tf.reshape<tf.Rank.R4>(input, [2, 6, 6, 4])), 2, 2, "valid");
      return tf.sum(tf.matMul(tf.reshape(pooled, [2, 36]), weights));
    };
    const gradient = tf.grad(loss)(tf.tensor1d(x)).dataSync<"float32">();
    const step = 1e-2;
    for (const i of [0, 17, 100, 287]) {
      const moved = (by: number) => values(() => loss(tf.tensor1d(x.map((value, j) => (j === i ? value + by : value)))))[0] ?? NaN;
      expect((moved(step) - moved(-step)) / (2 * step)).toBeCloseTo(gradient[i] ?? NaN, 2);
    }
    weights.dispose();
  });
});

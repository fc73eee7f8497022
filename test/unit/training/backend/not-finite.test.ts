import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { activations } from "../../../../src/experiment/layer-arguments.ts";
import { onEachBackend } from "../each-backend.ts";
import { number, numbers } from "./references.ts";

/**
 * A network that diverges must look so: what is not finite comes out of a kernel as it does on the cpu backend, whatever
 * the size of the input (published kernels have routines of their own for the last few numbers and for some windows).
 */

const troubles = [Number.NaN, Infinity, -Infinity];

interface KernelCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly run: (x: tf.Tensor) => tf.Tensor;
}

const rows = [
  [1, 1],
  [3, 7],
  [5, 8],
] as const;
type PictureShape = readonly [number, number, number, number];
const pictures = [1, 3, 4, 7, 8, 10].map((channels): PictureShape => [2, 6, 5, channels]);

const ofRows = (name: string, run: (x: tf.Tensor) => tf.Tensor): KernelCase => ({ name, shapes: rows, run });
const ofPictures = (name: string, run: (x: tf.Tensor4D) => tf.Tensor): KernelCase => ({
  name,
  shapes: pictures,
  run: (x) => run(asPictures(x)),
});
const layer = (make: () => { apply(x: tf.Tensor): unknown }) => (x: tf.Tensor) => single(make().apply(x));

const fusedActivations = ["linear", "relu", "relu6", "elu", "sigmoid"] as const;

const kernels: readonly KernelCase[] = [
  ...activations.map((activation) =>
    ofRows(
      `the activation ${activation}`,
      layer(() => layers.activation({ activation })),
    ),
  ),
  ofRows(
    "the layer reLU with a bound",
    layer(() => layers.reLU({ maxValue: 1 })),
  ),
  ofRows(
    "the layer thresholdedReLU",
    layer(() => layers.thresholdedReLU({ theta: 0.5 })),
  ),
  ofRows("relu6", (x) => tf.relu6(x)),
  ofRows("leakyRelu", (x) => tf.leakyRelu(x, 0.3)),
  ofRows("prelu", (x) => tf.prelu(x, tf.scalar(0.2))),
  ofRows("clipByValue", (x) => tf.clipByValue(x, -0.5, 0.5)),
  ofRows("clipByValue without a lower bound", (x) => tf.clipByValue(x, -Infinity, 0.5)),
  ofRows("maximum with a number", (x) => tf.maximum(x, 0.1)),
  ofRows("maximum of a number", (x) => tf.maximum(0.1, x)),
  ofRows("maximum with as many", (x) => tf.maximum(tf.zerosLike(x), x)),
  ofRows("maximum with a row", (x) => tf.maximum(tf.fill([1, x.shape[1] ?? 1], 0.1), x)),
  ofRows("minimum with a number", (x) => tf.minimum(x, 0.1)),
  ofRows("minimum of a number", (x) => tf.minimum(0.1, x)),
  ofRows("minimum with as many", (x) => tf.minimum(tf.zerosLike(x), x)),
  ofRows("minimum with a row", (x) => tf.minimum(tf.fill([1, x.shape[1] ?? 1], 0.1), x)),
  ofRows("max", (x) => tf.max(x, 1)),
  ofRows("min", (x) => tf.min(x, 1)),
  ofRows("sum", (x) => tf.sum(x, 0)),
  ofRows("mean", (x) => tf.mean(x, 0)),
  ofRows("abs", (x) => tf.abs(x)),
  // The cpu backend has a sign for NaN, and here it has none.
  ofRows("sign of what has one", (x) => tf.sign(tf.where(tf.isNaN(x), 1, x))),
  ofRows("step", (x) => tf.step(x)),
  ofRows("the gradient of relu", (x) => tf.grad((y: tf.Tensor) => tf.relu(y))(x)),
  ...fusedActivations.map((activation) =>
    ofRows(`a product with ${activation}`, (x) => {
      const width = x.shape[1] ?? 1;
      return tf.fused.matMul({ a: x, b: tf.ones([width, 6]), bias: tf.ones([6]), activation });
    }),
  ),
  ...fusedActivations.map((activation) =>
    ofPictures(`a convolution with ${activation}`, (x) =>
      tf.fused.conv2d({ x, filter: tf.ones([3, 3, x.shape[3], 5]), strides: 1, pad: "valid", bias: tf.ones([5]), activation }),
    ),
  ),
  ...[2, 3, 5].flatMap((size) =>
    fusedActivations.map((activation) =>
      ofPictures(`a depthwise convolution of ${size} by ${size} with ${activation}`, (x) => {
        const filter = tf.ones<tf.Rank.R4>([size, size, x.shape[3], 1]);
        return tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: "same", bias: tf.ones([x.shape[3]]), activation });
      }),
    ),
  ),
  ofPictures("average pooling", (x) => tf.avgPool(x, 2, 2, "valid")),
  ofPictures("average pooling over the border", (x) => tf.avgPool(x, 3, 2, "same")),
  ofPictures("global max pooling", (x) => tf.max(x, [1, 2])),
  ofPictures("global average pooling", (x) => tf.mean(x, [1, 2])),
  ofPictures("batch normalisation", (x) => {
    const [zeros, ones] = [tf.zeros([x.shape[3]]), tf.ones([x.shape[3]])];
    return tf.batchNorm(x, tf.reshape<tf.Rank.R1>(zeros, [-1]), tf.reshape<tf.Rank.R1>(ones, [-1]));
  }),
];

onEachBackend(() => {
  describe.each(kernels)("$name", ({ shapes, run }) => {
    test.each(troubles)("lets %d through as the cpu backend does", async (trouble) => {
      for (const shape of shapes) {
        const compute = () => values(() => run(troubled(shape, trouble)));
        const ours = compute();
        const own = tf.getBackend();
        await tf.setBackend("cpu");
        const plain = compute();
        await tf.setBackend(own);
        expect(ours.map(kindOf), `of shape [${shape.join(", ")}]`).toEqual(plain.map(kindOf));
        const apart = ours.filter((value, i) => Number.isFinite(value) && Math.abs(value - number(plain, i)) > 1e-4);
        expect(apart).toEqual([]);
      }
    });
  });

  /** The cpu backend compares NaN away here, so it is no reference. */
  describe.each([
    ["windows apart", 2, 2, "valid"],
    ["windows that overlap", 3, 1, "valid"],
    ["windows over the border", 3, 2, "same"],
    ["windows of one pixel", 1, 2, "valid"],
  ] as const)("max pooling with %s", (_, size, stride, pad) => {
    test("gives NaN exactly where NaN is under the window", async () => {
      for (const shape of pictures) {
        const pooled = (x: tf.Tensor) => tf.maxPool(asPictures(x), size, stride, pad);
        const ours = values(() => pooled(troubled(shape, Number.NaN)));
        const clean = values(() => pooled(troubled(shape, 0)));
        // A window over the mark of what is NaN pools to 1.
        const marked = values(() => pooled(tf.cast(tf.isNaN(troubled(shape, Number.NaN)), "float32")));
        expect(marked).toContain(1);
        ours.forEach((value, i) => expect(value).toBe(marked[i] === 1 ? Number.NaN : clean[i]));
      }
    });

    test.each([Infinity, -Infinity])("lets %d through as the cpu backend does", async (trouble) => {
      for (const shape of pictures) {
        const compute = () => values(() => tf.maxPool(asPictures(troubled(shape, trouble)), size, stride, pad));
        const ours = compute();
        const own = tf.getBackend();
        await tf.setBackend("cpu");
        expect(ours).toEqual(compute());
        await tf.setBackend(own);
      }
    });
  });
});

/** Numbers around 0 with this one at every seventh place and at the last. */
function troubled(shape: readonly number[], trouble: number): tf.Tensor {
  const data = numbers(tf.util.sizeFromShape([...shape]), 3).map((value, i, all) =>
    i % 7 === 5 || i === all.length - 1 ? trouble : value,
  );
  return tf.tensor(data, [...shape], "float32");
}

function values(compute: () => tf.Tensor): number[] {
  return tf.tidy(() => [...compute().dataSync()]);
}

function kindOf(value: number): string {
  return Number.isFinite(value) ? "finite" : String(value);
}

function asPictures(x: tf.Tensor): tf.Tensor4D {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  return tf.reshape<tf.Rank.R4>(x, [batch, height, width, channels]);
}

function single(result: unknown): tf.Tensor {
  const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;
  if (!isTensor(result)) throw new TypeError("The layer has one result.");
  return result;
}

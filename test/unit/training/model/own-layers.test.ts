import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { findLayer } from "../../../../src/experiment/layers.ts";
import { layerRegistry, type TfLayer } from "../../../../src/training/model/layer-registry.ts";
import { numbers } from "../backend/references.ts";
import { onEachBackend } from "../each-backend.ts";

/** Where the library's layers are right, ours do the same; where they are not, what their equations say. */

function made(name: string, given: Readonly<Record<string, unknown>>, shape: readonly number[]): TfLayer {
  const layer = layerRegistry[name]?.create?.(findLayer(name)?.arguments.parse(given) ?? {});
  if (layer === undefined) throw new TypeError(`There is no layer ${name}.`);
  return prepared(layer, shape);
}

/** With weights that are no special numbers; variances stay above zero. */
function prepared(layer: TfLayer, shape: readonly number[]): TfLayer {
  tf.tidy(() => layer.build([null, ...shape.slice(1)]));
  layer.built = true;
  tf.tidy(() => {
    layer.weights.forEach((weight, i) => {
      const values = numbers(tf.util.sizeFromShape(weight.shape.map(Number)), 30 + i);
      weight.write(
        tf.tensor(/variance/.test(weight.originalName) ? values.map((value) => 1 + value ** 2) : values, weight.shape.map(Number)),
      );
    });
  });
  return layer;
}

function output(layer: TfLayer, input: tf.Tensor, training = false): tf.Tensor {
  const result = layer.apply(input, { training });
  if (result instanceof tf.Tensor) return result;
  throw new TypeError("The layer has one output.");
}

function weightsOf(layer: TfLayer): number[][] {
  return layer.weights.map((weight) => [...weight.read().dataSync()]);
}

const input = (shape: number[]) => tf.tensor(numbers(tf.util.sizeFromShape(shape), 7), shape);

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const values = expected.dataSync();
  actual.dataSync().forEach((value, i) => expect(value).toBeCloseTo(values[i] ?? NaN, 5));
}

/** Zeros between the taps. */
function spread(kernel: tf.Tensor, dilations: readonly number[]): tf.Tensor {
  return dilations.reduce((wide, dilation, axis) => {
    const taps = tf.split(wide, wide.shape[axis] ?? 1, axis);
    const gap = tf.zeros(wide.shape.with(axis, dilation - 1));
    return tf.concat(
      taps.flatMap((tap, i) => (i === 0 || dilation === 1 ? [tap] : [gap, tap])),
      axis,
    );
  }, kernel);
}

onEachBackend(() => {
  describe.each(["valid", "same"])("a convolution with gaps, padding %s", (padding) => {
    test.each([
      ["conv1d", [2, 9, 3], { filters: 4, kernelSize: 3, dilationRate: 2 }],
      ["conv1d", [2, 8, 3], { filters: 4, kernelSize: 2, dilationRate: [3] }],
      ["conv2d", [2, 9, 8, 2], { filters: 3, kernelSize: [3, 2], dilationRate: [2, 3], activation: "relu" }],
      ["conv2d", [2, 7, 6, 2], { filters: 3, kernelSize: 3, dilationRate: [1, 2], useBias: false }],
      ["depthwiseConv2d", [2, 9, 8, 2], { kernelSize: [3, 2], dilationRate: [2, 3], depthMultiplier: 2 }],
      ["separableConv2d", [2, 9, 8, 2], { filters: 3, kernelSize: 3, dilationRate: 2, depthMultiplier: 2 }],
      ["conv2d", [2, 2, 9, 8], { filters: 3, kernelSize: 3, dilationRate: 2, dataFormat: "channelsFirst" }],
    ] as const)("%s of %j with %j is one with zeros between its taps", (name, shape, given) => {
      tf.tidy(() => {
        const layer = made(name, { ...given, padding }, shape);
        const { dilationRate, ...others } = given;
        const dilations: readonly number[] = typeof dilationRate === "number" ? [dilationRate, dilationRate] : dilationRate;
        const window = name === "conv1d" ? 1 : 2;
        const [kernel, ...rest] = layer.weights.map((weight) => weight.read());
        if (kernel === undefined) throw new TypeError("It has weights.");
        const wide = spread(kernel, dilations.slice(0, window));
        const plain = made(name, { ...others, padding, kernelSize: wide.shape.slice(0, window) }, shape);
        plain.setWeights([wide, ...rest]);
        const expected = output(plain, input([...shape]));
        expectClose(output(layer, input([...shape])), expected);
        expect(layer.computeOutputShape([...shape])).toEqual(expected.shape);
        expect(layer.weights.map(({ originalName }) => originalName)).toEqual(plain.weights.map(({ originalName }) => originalName));
      });
    });

    test("takes no strides besides", () => {
      expect(() => made("conv2d", { filters: 1, kernelSize: 2, strides: 2, dilationRate: 2, padding }, [1, 5, 5, 1])).toThrow(
        "strides and dilationRate cannot both be above 1",
      );
    });
  });

  describe.each([
    ["batchNormalization", layers.batchNormalization],
    ["layerNormalization", layers.layerNormalization],
  ] as const)("%s", (name, library) => {
    test.each([[[6, 4]], [[3, 5, 4]], [[2, 3, 2, 4]]])("does on %j what the library's layer does, and so do its weights", (shape) => {
      tf.tidy(() => {
        const [ours, theirs] = [made(name, {}, shape), prepared(library({ axis: -1 }), shape)];
        for (const training of [true, false, true])
          expectClose(output(ours, input(shape), training), output(theirs, input(shape), training));
        weightsOf(ours).forEach((values, i) =>
          values.forEach((value, j) => expect(value).toBeCloseTo(weightsOf(theirs)[i]?.[j] ?? NaN, 5)),
        );
        expect(ours.weights.map(({ originalName }) => originalName)).toEqual(theirs.weights.map(({ originalName }) => originalName));
        expect(ours.trainableWeights).toHaveLength(2);
      });
    });

    test.each([[{ center: false }], [{ scale: false }], [{ center: false, scale: false }]])("trains with %j", (given) => {
      tf.tidy(() => {
        const layer = made(name, given, [6, 4]);
        const whole = made(name, {}, [6, 4]);
        const moving = layer.weights.filter(({ originalName }) => originalName.startsWith("moving")).map((weight) => weight.read());
        const own = layer.trainableWeights.map((weight) => weight.read());
        whole.setWeights([
          ...("scale" in given ? [tf.ones([4])] : own.splice(0, 1)),
          ...("center" in given ? [tf.zeros([4])] : own),
          ...moving,
        ]);
        for (const training of [true, false]) expectClose(output(layer, input([6, 4]), training), output(whole, input([6, 4]), training));
      });
    });

    test("on another axis is that with the axes swapped", () => {
      tf.tidy(() => {
        const swap = (x: tf.Tensor) => tf.transpose(x, [0, 3, 2, 1]);
        const first = made(name, { axis: 1 }, [2, 4, 3, 2]);
        const last = made(name, {}, [2, 2, 3, 4]);
        for (const training of [true, false]) {
          expectClose(output(first, swap(input([2, 2, 3, 4])), training), swap(output(last, input([2, 2, 3, 4]), training)));
        }
      });
    });
  });

  test.each([1, 0.7])("elu with alpha %d", (alpha) => {
    tf.tidy(() => {
      const values = [-3, -0.5, 0, 0.5, 3];
      const expected = values.map((value) => (value > 0 ? value : alpha * Math.expm1(value)));
      expectClose(output(made("elu", { alpha }, [1, 5]), tf.tensor([values])), tf.tensor([expected]));
    });
  });

  test.each([1, 2, -1])("softmax along axis %d sums to 1 there", (axis) => {
    tf.tidy(() => {
      const shares = output(made("softmax", { axis }, [2, 3, 4]), input([2, 3, 4]));
      const exponentials = tf.exp(input([2, 3, 4]));
      expectClose(shares, tf.div(exponentials, tf.sum(exponentials, axis, true)));
    });
  });
});

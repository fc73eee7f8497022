import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { ENGINE } from "@tensorflow/tfjs-core/dist/engine";
import { backpropagateGradients } from "@tensorflow/tfjs-core/dist/tape";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { Tensor } from "@tensorflow/tfjs-core/dist/tensor";
import { expect, test } from "vitest";

test("tfjs packages and their deep imports share one tfjs-core", async () => {
  await tf.setBackend("cpu");
  expect(tf.engine()).toBe(ENGINE);
  expect(tf.Tensor).toBe(Tensor);
  expect(typeof backpropagateGradients).toBe("function");
  const model = layers.sequential({ layers: [layers.layers.dense({ units: 2, inputShape: [3] })] });
  const output = model.apply(tf.zeros([4, 3]));
  expect(output).toBeInstanceOf(Tensor);
  model.dispose();
});

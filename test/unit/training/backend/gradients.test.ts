import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { onEachBackend } from "../each-backend.ts";
import { layerRegistry } from "../../../../src/training/model/layer-registry.ts";
import type { GradientCase } from "./gradient-cases.ts";
import { layerCases } from "./layer-cases.ts";
import { operationCases } from "./operation-cases.ts";
import { number, numbers, relativeError } from "./references.ts";

/** Half the distance of the two points of a central difference; a power of two, so that adding it is exact enough. */
const distance = 2 ** -7;
/** Central differences of float32 values: the curvature's share and the rounding's together. */
const differenceTolerance = 4e-3;
const cpuTolerance = 2e-5;
/** Elements of a large input that are checked, evenly spread. */
const checkedElements = 48;

test("every layer of the catalogue is in the table", () => {
  const untested = Object.keys(layerRegistry).filter((name) => !layerCases.some((each) => each.name.startsWith(`layer ${name} `)));
  expect(untested).toEqual([]);
});

onEachBackend(() => {
  describe.each([...operationCases, ...layerCases].map((each) => [each.name, each] as const))("gradient of %s", (_, gradientCase) => {
    test("agrees with central differences", () => {
      const { variables, f } = gradientCase.build();
      const analytic = gradients(variables, f);
      variables.forEach((variable, i) => {
        const [expected, actual] = numericGradient(variable, f, analytic[i] ?? new Float32Array());
        expect(relativeError(actual, expected)).toBeLessThan(differenceTolerance);
      });
      tf.dispose([...variables]);
    });

    test("leaves no tensor behind", () => {
      const { variables, f } = gradientCase.build();
      gradients(variables, f);
      const { numTensors, numDataBuffers } = tf.memory();
      gradients(variables, f);
      expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
      tf.dispose([...variables]);
    });

    if (gradientCase.notOnCpu !== undefined) return;
    test("agrees with the cpu backend", async () => {
      const own = tf.getBackend();
      const ours = allGradients(gradientCase);
      await tf.setBackend("cpu");
      const plain = allGradients(gradientCase);
      await tf.setBackend(own);
      ours.forEach((gradient, i) => expect(relativeError(gradient, plain[i] ?? [])).toBeLessThan(cpuTolerance));
    });
  });
});

function allGradients(gradientCase: GradientCase): Float32Array[] {
  const { variables, f } = gradientCase.build();
  const result = gradients(variables, f);
  tf.dispose([...variables]);
  return result;
}

/** The output's numbers weighted, so that no gradient cancels by symmetry. */
function weightsFor(count: number): Float32Array {
  return numbers(count, 99).map((value) => 1 + 0.5 * value);
}

function gradients(variables: readonly tf.Variable[], f: () => tf.Tensor): Float32Array[] {
  const { value, grads } = tf.variableGrads(
    () =>
      tf.tidy(() => {
        const output = f();
        return tf.sum<tf.Scalar>(tf.mul(output, tf.tensor(weightsFor(output.size), output.shape)));
      }),
    [...variables],
  );
  const result = variables.map((variable) => {
    const gradient: tf.Tensor | undefined = grads[variable.name];
    return gradient === undefined ? new Float32Array(variable.size) : Float32Array.from(gradient.dataSync());
  });
  tf.dispose([value, grads]);
  return result;
}

/** Numeric gradient of some elements, and the analytic gradient of the same elements. */
function numericGradient(variable: tf.Variable, f: () => tf.Tensor, analytic: Float32Array): [Float64Array, Float64Array] {
  const start = Float32Array.from(variable.dataSync());
  const every = Math.max(1, Math.floor(start.length / checkedElements));
  const elements = Array.from({ length: Math.ceil(start.length / every) }, (_, i) => i * every);
  const at = (element: number, shift: number): number => {
    const moved = start.slice();
    moved[element] = number(start, element) + shift;
    tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
    return weighted(f);
  };
  const numeric = elements.map((element) => (at(element, distance) - at(element, -distance)) / (2 * distance));
  tf.tidy(() => variable.assign(tf.tensor(start, variable.shape)));
  return [Float64Array.from(numeric), Float64Array.from(elements, (element) => number(analytic, element))];
}

function weighted(f: () => tf.Tensor): number {
  const output = tf.tidy(f);
  const values = output.dataSync();
  output.dispose();
  const weights = weightsFor(values.length);
  return weights.reduce((sum, weight, i) => sum + weight * number(values, i), 0);
}

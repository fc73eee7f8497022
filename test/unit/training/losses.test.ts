import { fc, test } from "@fast-check/vitest";
import { tensor, tidy, valueAndGrad, type Tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { lossFunctions, lossOf, type LossKind } from "../../../src/training/losses.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

interface Case {
  readonly outputs: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
}

function evaluate(kind: LossKind, { outputs, targets, weights }: Case): { readonly loss: number; readonly gradient: readonly number[] } {
  const rows = weights.length;
  const shape = [rows, outputs.length / rows];
  const numbers = tidy(() => {
    const { value, grad } = valueAndGrad((x: Tensor) =>
      lossFunctions[kind](x, tensor([...targets], shape), tensor([...weights], [rows, 1])),
    )(tensor([...outputs], shape));
    return { loss: value, gradient: grad };
  });
  const result = { loss: numbers.loss.dataSync()[0] ?? Number.NaN, gradient: [...numbers.gradient.dataSync()] };
  numbers.loss.dispose();
  numbers.gradient.dispose();
  return result;
}

/** The same losses on plain numbers, and the gradient by central differences. */
const byHand: Readonly<Record<LossKind, (output: readonly number[], target: readonly number[]) => number>> = {
  "cross-entropy": (output, target) => {
    const highest = Math.max(...output);
    const logSum = highest + Math.log(output.reduce((sum, value) => sum + Math.exp(value - highest), 0));
    return target.reduce((sum, share, i) => sum + share * (logSum - (output[i] ?? 0)), 0);
  },
  mse: ([a = 0], [b = 0]) => (a - b) ** 2,
  mae: ([a = 0], [b = 0]) => Math.abs(a - b),
  huber: ([a = 0], [b = 0]) => (Math.abs(a - b) <= 1 ? 0.5 * (a - b) ** 2 : Math.abs(a - b) - 0.5),
};

function reference(kind: LossKind, { outputs, targets, weights }: Case): number {
  const width = outputs.length / weights.length;
  const row = (values: readonly number[], i: number): readonly number[] => values.slice(i * width, (i + 1) * width);
  return weights.reduce((sum, weight, i) => sum + weight * byHand[kind](row(outputs, i), row(targets, i)), 0);
}

const value = fc.double({ min: -5, max: 5, noNaN: true });
const weights = [0.5, 0, 0.5];

describe.each(["mse", "mae", "huber"] as const)("%s", (kind) => {
  test.prop([fc.tuple(value, value, value), fc.tuple(value, value, value)])(
    "is the weighted sum over the rows, and its gradient that of central differences",
    (outputs, targets) => {
      const { loss, gradient } = evaluate(kind, { outputs, targets, weights });
      expect(loss).toBeCloseTo(reference(kind, { outputs, targets, weights }), 4);
      gradient.forEach((slope, i) => {
        const bend = kind === "mae" ? 0 : kind === "huber" ? 1 : Number.NaN;
        const difference = Math.abs((outputs[i] ?? 0) - (targets[i] ?? 0));
        if (Math.abs(difference - bend) < 1e-3) return;
        const at = (shift: number): number =>
          reference(kind, { outputs: outputs.map((output, j) => output + (i === j ? shift : 0)), targets, weights });
        expect(slope).toBeCloseTo((at(1e-4) - at(-1e-4)) / 2e-4, 3);
      });
    },
  );
});

describe("cross-entropy", () => {
  test.prop([fc.array(value, { minLength: 9, maxLength: 9 }), fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2))])(
    "is −log of the true class's share, and its gradient the shares minus the truth",
    (outputs, classes) => {
      const targets = classes.flatMap((truth) => [0, 1, 2].map((c) => (c === truth ? 1 : 0)));
      const { loss, gradient } = evaluate("cross-entropy", { outputs, targets, weights });
      expect(loss).toBeCloseTo(reference("cross-entropy", { outputs, targets, weights }), 4);
      const at = (i: number, shift: number): number =>
        reference("cross-entropy", { outputs: outputs.map((output, j) => output + (i === j ? shift : 0)), targets, weights });
      gradient.forEach((slope, i) => {
        expect(slope).toBeCloseTo((at(i, 1e-4) - at(i, -1e-4)) / 2e-4, 3);
      });
    },
  );

  test("stays finite where exponentials would overflow, and a row without a label changes nothing", () => {
    const { loss, gradient } = evaluate("cross-entropy", {
      outputs: [1000, 0, -1000, 5, 5, 5],
      targets: [0, 1, 0, 0, 0, 0],
      weights: [1, 0],
    });
    expect(loss).toBeCloseTo(1000, 3);
    expect(gradient).toEqual([1, -1, 0, 0, 0, 0]);
  });
});

test("an absolute error of 0 has slope 0", () => {
  expect(evaluate("mae", { outputs: [2], targets: [2], weights: [1] })).toEqual({ loss: 0, gradient: [0] });
});

test("a task that names no loss gets the one of its kind", () => {
  expect(lossOf({ kind: "classification" })).toBe("cross-entropy");
  expect(lossOf({ kind: "regression" })).toBe("mse");
  expect(lossOf({ kind: "regression", loss: "huber" })).toBe("huber");
});

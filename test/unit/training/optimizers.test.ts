import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { taskUpdate, type AdaptiveRule, type TaskAccumulators } from "../../../src/balancers/kernels/adatask-update.ts";
import { optimizerSchema, type OptimizerInput } from "../../../src/experiment/optimizer-schema.ts";
import { resolveOptimizer } from "../../../src/training/optimizers/optimizer.ts";
import { pacesOf } from "../../../src/training/optimizers/pace-rule.ts";

/** Where an optimizer ends after it was given these gradients, from 0. */
function play(entry: OptimizerInput, gradients: readonly (readonly number[])[]): number[] {
  const optimizer = resolveOptimizer(entry);
  const size = gradients[0]?.length ?? 0;
  const slot = optimizer.slot(size);
  const update = new Float32Array(size);
  const position = new Float64Array(size);
  for (const gradient of gradients) {
    slot.step(Float32Array.from(gradient), optimizer.learningRate, update);
    update.forEach((value, i) => (position[i] = (position[i] ?? 0) - value));
  }
  return [...position];
}

// Made with PyTorch's equations by hand in double precision: three steps on the same two elements.
const gradients = [
  [1, -0.5],
  [0.5, 0.25],
  [-2, 0],
];

test("coefficients are rounded to single precision once, and what follows from them is computed from the rounded ones", () => {
  const squareAfter = (entry: OptimizerInput): number | undefined => {
    const slot = resolveOptimizer(entry).slot(1);
    slot.step(Float32Array.of(1), 0.1, new Float32Array(1));
    return slot.buffers["square"]?.[0];
  };
  expect(squareAfter({ adam: { beta2: 0.999 } })).toBe(1 - Math.fround(0.999));
  expect(squareAfter({ rmsprop: { rho: 0.99 } })).toBe(1 - Math.fround(0.99));
  const slot = resolveOptimizer({ sgd: { momentum: 0.9 } }).slot(1);
  const update = new Float32Array(1);
  for (const gradient of [1, 0]) slot.step(Float32Array.of(gradient), 1, update);
  expect(update[0]).toBe(Math.fround(0.9));
});

describe("an optimizer follows its equations", () => {
  test("sgd with momentum 0.9 and learning rate 0.1", () => {
    // b = 1, 1.4, −0.74 and −0.5, −0.2, −0.18
    const [a = 0, b = 0] = play({ sgd: { learningRate: 0.1, momentum: 0.9 } }, gradients);
    expect(a).toBeCloseTo(-0.1 * (1 + 1.4 - 0.74), 6);
    expect(b).toBeCloseTo(0.1 * (0.5 + 0.2 + 0.18), 6);
  });

  test("adagrad with learning rate 0.1", () => {
    const [a = 0, b = 0] = play({ adagrad: { learningRate: 0.1, epsilon: 1e-10 } }, gradients);
    expect(a).toBeCloseTo(-0.1 * (1 + 0.5 / Math.sqrt(1.25) - 2 / Math.sqrt(5.25)), 6);
    expect(b).toBeCloseTo(0.1 * (1 - 0.25 / Math.sqrt(0.3125)), 6);
  });

  test("rmsprop with learning rate 0.1 and decay 0.9", () => {
    const [a = 0] = play({ rmsprop: { learningRate: 0.1, rho: 0.9, epsilon: 1e-8 } }, gradients);
    const v1 = 0.1;
    const v2 = 0.9 * v1 + 0.1 * 0.25;
    const v3 = 0.9 * v2 + 0.1 * 4;
    expect(a).toBeCloseTo(-0.1 * (1 / Math.sqrt(v1) + 0.5 / Math.sqrt(v2) - 2 / Math.sqrt(v3)), 6);
  });

  test("adam: the first step has the length of the learning rate, whatever the gradient's", () => {
    const [a = 0, b = 0] = play({ adam: { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } }, gradients.slice(0, 1));
    expect(a).toBeCloseTo(-0.1, 6);
    expect(b).toBeCloseTo(0.1, 6);
  });

  test("adam over three steps", () => {
    const [a = 0] = play({ adam: { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } }, gradients);
    let [m, v, x] = [0, 0, 0];
    [1, 0.5, -2].forEach((g, i) => {
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      x -= (0.1 * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8);
    });
    expect(a).toBeCloseTo(x, 6);
  });
});

const rules: readonly { readonly name: string; readonly entry: OptimizerInput; readonly rule: AdaptiveRule }[] = [
  {
    name: "adam",
    entry: { adam: { learningRate: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } },
    rule: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  },
  {
    name: "rmsprop",
    entry: { rmsprop: { learningRate: 1, rho: 0.99, epsilon: 1e-8 } },
    rule: { kind: "rmsprop", rho: 0.99, epsilon: 1e-8 },
  },
  { name: "adagrad", entry: { adagrad: { learningRate: 1, epsilon: 1e-10 } }, rule: { kind: "adagrad", epsilon: 1e-10 } },
];

const element = fc.double({ min: -10, max: 10, noNaN: true, noDefaultInfinity: true }).map(Math.fround);
const trajectory = fc.array(fc.tuple(element, element, element), { minLength: 1, maxLength: 12 });

describe.each(rules)("$name", ({ entry, rule }) => {
  test.prop([trajectory])("steps as the reference kernel of AdaTask does in double precision", (steps) => {
    const slot = resolveOptimizer(entry).slot(3);
    const update = new Float32Array(3);
    let accumulators: TaskAccumulators = { mean: new Float64Array(3), square: new Float64Array(3) };
    steps.forEach((gradient, i) => {
      slot.step(Float32Array.from(gradient), 1, update);
      const expected = taskUpdate(rule, gradient, accumulators, i + 1);
      accumulators = expected.after;
      // Below 1e-15 a square leaves the range of single precision.
      gradient.forEach((g, e) => {
        if (Math.abs(g) > 1e-15)
          expect(Math.abs((update[e] ?? 0) - (expected.update[e] ?? 0))).toBeLessThan(1e-4 * (1 + Math.abs(expected.update[e] ?? 0)));
      });
    });
  });

  test.prop([trajectory])("attributes the whole step to a task that is alone", (steps) => {
    if (rule.kind === "adam") return;
    const slot = resolveOptimizer(entry).slot(3);
    const [update, paces] = [new Float32Array(3), new Float64Array(3)];
    for (const gradient of steps) {
      slot.step(Float32Array.from(gradient), 1, update);
      pacesOf(slot.pace(1), slot.buffers["square"], paces);
      paces.forEach((pace, e) => {
        expect(pace * (gradient[e] ?? 0)).toBeCloseTo(update[e] ?? 0, 5);
      });
    }
  });

  test.prop([trajectory])("does not move, and keeps its accumulators, where the gradient has always been 0", (steps) => {
    expect(
      play(
        entry,
        steps.map(() => [0, 0, 0]),
      ),
    ).toEqual([0, 0, 0]);
  });
});

test("defaults are those of PyTorch", () => {
  expect(optimizerSchema.parse({ adam: {} })).toEqual({
    adam: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decayed: "kernels" },
  });
  expect(resolveOptimizer("adamw").weightDecay).toEqual({ rate: 0.01, of: "kernels" });
  expect(resolveOptimizer("adagrad").learningRate).toBe(0.01);
});

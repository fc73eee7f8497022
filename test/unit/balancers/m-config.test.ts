import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { config } from "../../../src/balancers/config.ts";
import { taskUpdate, type TaskAccumulators } from "../../../src/balancers/kernels/adatask-update.ts";
import { mConfig } from "../../../src/balancers/m-config.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { combine, Driver, randomSteps, type Given } from "./driver.ts";

const independent = fc
  .array(
    fc.array(
      fc.integer({ min: -200, max: 200 }).map((value) => value / 100),
      { minLength: 8, maxLength: 8 },
    ),
    {
      minLength: 3,
      maxLength: 3,
    },
  )
  // Upper triangular with a strong diagonal, so that no row is near the span of the others.
  .map((rows) => rows.map((row, i) => row.map((value, j) => (j < i ? 0 : j === i ? 5 + Math.abs(value) : value))));

function constant(jacobian: Given["jacobian"], steps: number): readonly Given[] {
  return randomSteps(0, { tasks: jacobian.length, steps }).map((step) => ({ ...step, jacobian }));
}

test.prop([independent])(
  "m-config: with constant gradients it has ConFIG's weights, and from there the sign of ConFIG's direction",
  (jacobian) => {
    const driver = new Driver(mConfig.prepare({}, contextOf(3)));
    const plain = new Driver(config.prepare({}, contextOf(3)));
    constant(jacobian, 8).forEach((step, index) => {
      const { weights, rows = [], status } = driver.step(step);
      expect(status).toBe("ok");
      if (index < 2) return;
      const expected = plain.step(step).weights;
      expectClose(weights, expected, 1e-9);
      // The means are exact from the first turn on, so the pseudo gradient is ConFIG's direction itself and v̂ its square.
      combine(rows, weights).forEach((value, j) => {
        const along = combine(jacobian, expected)[j] ?? 0;
        if (Math.abs(along) > 1e-3) expect(value).toBeCloseTo(Math.sign(along), 4);
      });
    });
  },
);

test("m-config: with one task it is Adam", () => {
  const driver = new Driver(mConfig.prepare({}, contextOf(1)));
  const rule = { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
  let accumulators: TaskAccumulators = { mean: new Float64Array(12), square: new Float64Array(12) };
  randomSteps(3, { tasks: 1, steps: 50 }).forEach((step, index) => {
    const { update, after } = taskUpdate(rule, step.jacobian[0] ?? [], accumulators, index + 1);
    accumulators = after;
    const { rows = [], weights } = driver.step(step);
    expectClose(combine(rows, weights), [...update], 1e-10);
  });
});

describe("m-config: turns", () => {
  test("m-config: each step asks for one gradient, all tasks in turn, and the direction is 0 until every present one had its turn", () => {
    const prepared = mConfig.prepare({}, contextOf(3));
    const driver = new Driver(prepared);
    const asked = randomSteps(4, { tasks: 3, steps: 7 }).map((step) => {
      const { only } = prepared.demand(step, driver.remembered.state);
      const { rows = [], weights } = driver.step(step);
      return { only, moves: combine(rows, weights).some((value) => value !== 0) };
    });
    expect(asked.map(({ only }) => only)).toEqual([[0], [1], [2], [0], [1], [2], [0]]);
    expect(asked.map(({ moves }) => moves)).toEqual([false, false, true, true, true, true, true]);
  });

  test("m-config: a task that comes back is asked next, once", () => {
    const prepared = mConfig.prepare({}, contextOf(3));
    const driver = new Driver(prepared);
    const asked = randomSteps(5, { tasks: 3, steps: 10, present: (task, step) => task !== 1 || step >= 5 }).map((step) => {
      const { only } = prepared.demand(step, driver.remembered.state);
      driver.step(step);
      return only?.[0];
    });
    expect(asked).toEqual([0, 2, 0, 2, 0, 1, 2, 0, 1, 2]);
    expect(driver.remembered.state["count"]).toEqual([4, 2, 4]);
  });

  test("m-config: the mean of a task is Adam's, with its own count", () => {
    const driver = new Driver(mConfig.prepare({ beta1: 0.5 }, contextOf(2)));
    const steps = randomSteps(6, { tasks: 2, steps: 4, width: 3 });
    for (const step of steps) driver.step(step);
    const [first, , third] = steps.map(({ jacobian }) => jacobian[0] ?? []);
    const expected = (third ?? []).map((value, j) => 0.5 * value + 0.25 * (first?.[j] ?? 0));
    expectClose([...(driver.remembered.buffers?.["mean/0"] ?? [])], expected, 1e-14);
  });
});

test("m-config: opposite gradients are stationary, and a zero row stays out", () => {
  const settled = (jacobian: Given["jacobian"]) => {
    const driver = new Driver(mConfig.prepare({}, contextOf(2)));
    return constant(jacobian, 4)
      .map((step) => driver.step(step))
      .at(-1);
  };
  expect(
    settled([
      [1, 2],
      [-1, -2],
    ]),
  ).toMatchObject({ status: "stationary", weights: [0, 0] });
  const half = settled([
    [1, 2],
    [0, 0],
  ]);
  expectClose(combine(half?.rows ?? [], half?.weights ?? []), [1, 1], 1e-7);
  const none = settled([
    [0, 0],
    [0, 0],
  ]);
  expect(combine(none?.rows ?? [], none?.weights ?? [])).toEqual([0, 0]);
});

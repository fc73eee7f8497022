import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { graddrop } from "../../../src/balancers/graddrop.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { combine } from "./driver.ts";
import { goldenMatrix } from "./golden-steps.ts";
import { jacobians } from "./jacobians.ts";

type Rows = readonly (readonly number[])[];

function directions(jacobian: Rows, options: object = {}, steps = 1, seed = 0): readonly number[][] {
  const prepared = graddrop.prepare(options, contextOf(jacobian.length, { seed }));
  const gradients = jacobian.map((row) => Float64Array.from(row));
  const tasks = jacobian.map((_, task) => task);
  let state = prepared.start();
  return Array.from({ length: steps }, (_, step) => {
    const answer = prepared.weigh({ tasks, losses: tasks.map(() => 1), step, epoch: 0, gradients }, state);
    state = answer.state;
    return combine(answer.rows ?? [], answer.weights);
  });
}

function sum(jacobian: Rows): number[] {
  return combine(
    jacobian,
    jacobian.map(() => 1),
  );
}

test("graddrop: on A it is (6, 2, 2) or (−4, 2, 2), the first in about six of ten draws", () => {
  const drawn = directions(goldenMatrix("A"), {}, 2000);
  for (const d of drawn)
    expect([
      [6, 2, 2],
      [-4, 2, 2],
    ]).toContainEqual(d);
  expect(drawn.filter(([first]) => first === 6).length / 2000).toBeCloseTo(0.6, 1);
});

test.prop([jacobians({ tasks: [1, 6] }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat()])(
  "graddrop: where all signs agree it is the plain sum, and nowhere longer than Σ |g|",
  (jacobian, leak, seed) => {
    const [d = []] = directions(jacobian, { leak }, 1, seed);
    const plain = sum(jacobian);
    d.forEach((value, j) => {
      const column = jacobian.map((row) => row[j] ?? 0);
      if (column.every((entry) => entry >= 0) || column.every((entry) => entry <= 0)) expect(value).toBe((plain[j] ?? 0) + 0);
      const absolute = column.reduce((total, entry) => total + Math.abs(entry), 0);
      expect(Math.abs(value)).toBeLessThanOrEqual(absolute * (1 + 1e-12));
    });
  },
);

test.prop([jacobians({ tasks: [1, 6] }), fc.nat()])("graddrop: leak 1 is the plain sum, whatever is drawn", (jacobian, seed) => {
  expect(directions(jacobian, { leak: 1 }, 1, seed)[0]).toEqual(sum(jacobian));
});

test.each([0, 0.3])("graddrop: with leak %d its mean is P S⁺ + (1 − P) S⁻, and the rest leaks", (leak) => {
  const column = [3, -1, 0.5, -2];
  const [positive, negative] = [3.5, -3];
  const p = 0.5 * (1 + (positive + negative) / (positive - negative));
  const expected = p * positive + (1 - p) * negative + leak * ((1 - p) * positive + p * negative);
  // One draw an element: a hundred thousand at once. Their standard error is 0.01.
  const [d = []] = directions(
    column.map((value) => new Array<number>(100_000).fill(value)),
    { leak },
  );
  expect(Math.abs(d.reduce((total, value) => total + value, 0) / d.length - expected)).toBeLessThan(0.05);
});

test("graddrop: k = 0 draws signs evenly, a large k always takes the majority's", () => {
  const rows = [3, -1, -1.5].map((value) => new Array<number>(20_000).fill(value));
  expect(new Set(directions(rows, { k: 1e6 })[0])).toEqual(new Set([3]));
  const [even = []] = directions(rows, { k: 0 });
  expect(even.filter((value) => value === 3).length / even.length).toBeCloseTo(0.5, 1);
});

test("graddrop: every step and every seed draws anew, the same seed the same", () => {
  const rows = [1, -1].map((value) => new Array<number>(64).fill(value));
  const [first, second] = directions(rows, {}, 2, 1);
  expect(second).not.toEqual(first);
  expect(directions(rows, {}, 2, 1)).toEqual([first, second]);
  expect(directions(rows, {}, 1, 2)[0]).not.toEqual(first);
});

test("graddrop: the option scale shortens its rows all alike", () => {
  const rows = [
    [1, 2],
    [3, -4],
  ];
  const [paper = []] = directions(rows);
  expectClose(
    directions(rows, { scale: "mean" })[0] ?? [],
    paper.map((value) => value / 2),
    1e-12,
  );
});

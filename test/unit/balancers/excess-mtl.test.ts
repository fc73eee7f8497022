import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import type { BalancerState, Buffers } from "../../../src/balancers/balancer.ts";
import { excessMtl } from "../../../src/balancers/excess-mtl.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenMatrix, goldenStep, numbers } from "./golden-steps.ts";
import { jacobians } from "./jacobians.ts";

type Rows = readonly (readonly number[])[];

/** Plays Jacobians one after the other; the last answer. */
function played(sequence: readonly Rows[], options: object = {}, present?: readonly number[][]) {
  const count = sequence[0]?.length ?? 0;
  const prepared = excessMtl.prepare(options, contextOf(count));
  let state: BalancerState = prepared.start();
  let buffers: Buffers = {};
  let weights: readonly number[] = [];
  sequence.forEach((rows, step) => {
    const tasks = present?.[step] ?? rows.map((_, task) => task);
    const gradients = tasks.map((task) => Float64Array.from(rows[task] ?? []));
    const answer = prepared.weigh({ tasks, losses: tasks.map(() => 1), gradients, buffers, step, epoch: 0 }, state);
    ({ state, weights } = answer);
    buffers = answer.buffers ?? buffers;
  });
  return { state, buffers, weights };
}

test("excess-mtl: golden excesses and weights of the second step", () => {
  const [first = [], second = []] = goldenMatrix("A");
  const { e0, e1, weights_K, weights_1 } = goldenStep("Excess_A", { e0: numbers, e1: numbers, weights_K: numbers, weights_1: numbers });
  const halved = [first.map((value) => value / 2), second];
  const sequence = [[first, second], halved];
  const { state, weights } = played(sequence, { eta: 1 });
  expectClose(weights, weights_K, 1e-9);
  expectClose(played(sequence, { eta: 1, normalize: 1 }).weights, weights_1, 1e-9);
  expectClose(state["initial"] ?? [], e0, 1e-9);
  // The logarithms differ by what the relative excesses differ.
  const [a = NaN, b = NaN] = state["logWeight"] ?? [];
  expect(a - b).toBeCloseTo((e1[0] ?? NaN) / (e0[0] ?? NaN) - (e1[1] ?? NaN) / (e0[1] ?? NaN), 9);
});

test.prop([fc.array(jacobians({ tasks: [3, 3], magnitudes: 1 }), { minLength: 1, maxLength: 5 }), fc.constantFrom(0.01, 1, 100)])(
  "excess-mtl: the weights are positive and sum to K, however long one task leads; the first step moves none",
  (sequence, eta) => {
    const widest = Math.max(...sequence.map((rows) => rows[0]?.length ?? 0));
    const padded = sequence.map((rows) => rows.map((row) => Array.from({ length: widest }, (_, i) => row[i] ?? 0)));
    const { weights } = played([...padded, ...padded, ...padded], { eta });
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(3, 9);
    expect(Math.min(...weights)).toBeGreaterThan(0);
    expect(played(padded.slice(0, 1), { eta }).weights).toEqual([1, 1, 1]);
  },
);

test.prop([
  fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 }),
  fc.double({ min: -1, max: 2, noNaN: true }),
])("excess-mtl: a constant factor before a task's loss changes no weight", (values, power) => {
  const rows = (scale: number): readonly Rows[] => [
    [
      [scale, 2 * scale],
      [3, 1],
    ],
    [values.slice(0, 2).map((value) => value * scale), values.slice(2, 4)],
    [values.slice(4).map((value) => value * scale), values.slice(1, 3)],
  ];
  expectClose(played(rows(10 ** power), { eta: 1 }).weights, played(rows(1), { eta: 1 }).weights, 1e-5);
});

test("excess-mtl: equal relative excesses leave the weights alone", () => {
  const rows = [
    [1, -2],
    [30, 10],
  ];
  expectClose(played([rows, rows, rows, rows], { eta: 1 }).weights, [1, 1], 1e-6);
});

test("excess-mtl: an absent task keeps its sums and its share; one whose first gradient is 0 starts later", () => {
  const rows = [
    [1, 0],
    [0, 1],
    [0, 0],
  ];
  const all = [0, 1, 2];
  const { state, buffers, weights } = played([rows, rows, rows], { eta: 1 }, [all, [0, 2], all]);
  expect(buffers["squares/1"]).toEqual(Float64Array.of(0, 2));
  expect(buffers["squares/0"]).toEqual(Float64Array.of(3, 0));
  expect(state["initial"]?.[2]).toBe(0);
  expect(weights).toHaveLength(3);
  expect(weights.every((weight) => Number.isFinite(weight) && weight > 0)).toBe(true);
});

test("excess-mtl: inputs are not changed", () => {
  const prepared = excessMtl.prepare({}, contextOf(1));
  const buffers = { "squares/0": Float64Array.of(1, 1) };
  const answer = prepared.weigh(
    { tasks: [0], losses: [1], gradients: [Float32Array.of(2, 3)], buffers, step: 0, epoch: 0 },
    prepared.start(),
  );
  expect(buffers["squares/0"]).toEqual(Float64Array.of(1, 1));
  expect(answer.buffers?.["squares/0"]).toEqual(Float64Array.of(5, 10));
  expect(answer.weights).toEqual([1]);
});

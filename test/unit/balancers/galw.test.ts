import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { galw } from "../../../src/balancers/galw.ts";
import { groupByGaps, relativeSlope } from "../../../src/balancers/kernels/task-groups.ts";
import { uncertainty } from "../../../src/balancers/uncertainty.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";

const losses = fc.array(fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 }), {
  minLength: 1,
  maxLength: 30,
});

function play(options: object, sequence: readonly (readonly number[])[], norms: (step: number) => readonly number[]) {
  const prepared = galw.prepare(options, contextOf(sequence[0]?.length ?? 0));
  let state = prepared.start();
  const weights = sequence.map((own, step) => {
    const answer = prepared.weigh({ tasks: own.map((_, task) => task), losses: own, norms: norms(step), step, epoch: 0 }, state);
    state = answer.state;
    return answer.weights;
  });
  return { weights, state };
}

test.prop([losses])("galw: with as many groups as tasks it is uncertainty weighting, exactly", (sequence) => {
  const prepared = uncertainty.prepare({}, contextOf(3));
  let state = prepared.start();
  const expected = sequence.map((own, step) => {
    const answer = prepared.weigh({ tasks: [0, 1, 2], losses: own, step, epoch: 0 }, state);
    state = answer.state;
    return answer.weights;
  });
  const { weights } = play({ groups: 3, regroupEvery: 2 }, sequence, (step) => [1, step, 2]);
  expect(weights).toEqual(expected);
});

test.prop([losses])("galw: one group is a common factor, so its direction is that of equal weights", (sequence) => {
  const { weights } = play({ groups: 1, regroupEvery: 2 }, sequence, (step) => [1, step, 2]);
  for (const own of weights) expect(new Set(own).size).toBe(1);
});

test("galw: tasks whose gradients shrink alike come into one group and share their weight from then on", () => {
  const sequence = Array.from({ length: 40 }, () => [1, 0.2, 3, 2]);
  const { state, weights } = play({ groups: 2, window: 10, regroupEvery: 10 }, sequence, (step) => [
    100 * 0.9 ** step,
    1,
    0.9 ** step,
    50 * 0.9 ** step,
  ]);
  expect(state["group"]).toEqual([0, 1, 0, 0]);
  const [a, b, c, d] = weights.at(-1) ?? [];
  expect([c, d]).toEqual([a, a]);
  expect(b).toBeGreaterThan(a ?? NaN);
  expect(state["norms/0"]).toHaveLength(10);
});

test("galw: a new group starts at the mean of its members", () => {
  const prepared = galw.prepare({ groups: 2, regroupEvery: 1, window: 3, learningRate: 1e-12 }, contextOf(3));
  const state = { ...prepared.start(), logVariance: [0, 1, 4], "norms/0": [1, 1], "norms/1": [9, 9], "norms/2": [1, 9] };
  const { weights } = prepared.weigh({ tasks: [0, 1, 2], losses: [1, 1, 1], norms: [1, 9, 17], step: 0, epoch: 0 }, state);
  expectClose(weights, [Math.exp(-0.5) / 2, Math.exp(-0.5) / 2, Math.exp(-4) / 2], 1e-12);
});

test("galw: an absent group keeps its s, an absent task its window", () => {
  const prepared = galw.prepare({ groups: 2 }, contextOf(2));
  const { state } = prepared.weigh({ tasks: [1], losses: [3], norms: [2], step: 0, epoch: 0 }, prepared.start());
  expect(state).toMatchObject({ "norms/0": [], "norms/1": [2], count: [0, 1] });
  expect(state["logVariance"]?.[0]).toBe(0);
});

test("groups are cut at the widest gaps, equal numbers stay together, and the slope is relative to the mean", () => {
  expect(groupByGaps([5, 1, 1.1, 9], 3)).toEqual([1, 0, 0, 2]);
  expect(groupByGaps([2, 2, 2], 3)).toEqual([0, 0, 0]);
  expect(groupByGaps([1, 2], 5)).toEqual([0, 1]);
  expect(relativeSlope([1, 2, 3])).toBeCloseTo(0.5, 12);
  expect(relativeSlope([100, 200, 300])).toBeCloseTo(0.5, 12);
  expect([relativeSlope([]), relativeSlope([4]), relativeSlope([0, 0])]).toEqual([0, 0, 0]);
});

import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { priority } from "../../../src/balancers/priority.ts";
import { contextOf } from "./context.ts";

/**
 * L1 = x², L2 = (x − 1)², gradient descent from x = 1 with step 0.01: one epoch of 2,000 steps for L1, then one of `steps` for both.
 * By the conditions of Karush, Kuhn and Tucker x = √ε and λ = (1 − √ε) / √ε.
 */
function oneDimension(options: object, steps: number) {
  const prepared = priority.prepare({ learningRate: 1, slackIn: "absolute", maxMultiplier: 1e6, ...options }, contextOf(2, { epochs: 2 }));
  let state = prepared.start();
  let x = 1;
  const history: number[] = [];
  for (let step = 0; step < 2000 + steps; step++) {
    const input = { tasks: [0, 1], losses: [x * x, (x - 1) ** 2], step, epoch: step < 2000 ? 0 : 1 };
    const answer = prepared.weigh(input, state);
    const [first = NaN, second = NaN] = answer.weights;
    expect(first + second).toBeCloseTo(1, 12);
    x -= 0.01 * (first * 2 * x + second * 2 * (x - 1));
    state = answer.state;
    history.push(state["multiplier"]?.[0] ?? NaN);
  }
  return { x, multiplier: history.at(-1) ?? NaN, history };
}

test.each([
  [0.01, 0.1, 9],
  [0.0025, 0.05, 19],
])("priority: slack %d in one dimension ends at x = %d with the multiplier %d", (slack, x, multiplier) => {
  const end = oneDimension({ slack }, 30_000);
  expect(end.x).toBeCloseTo(x, 4);
  expect(end.multiplier).toBeCloseTo(multiplier, 2);
});

test("priority: without slack the multiplier would grow for ever; it is refused, and next to none is held by maxMultiplier", () => {
  expect(() => priority.prepare({ slack: 0 }, contextOf(2))).toThrow();
  const { multiplier, history } = oneDimension({ slack: 1e-12 }, 20_000);
  expect(multiplier).toBeGreaterThan(history[10_000] ?? NaN);
  expect(oneDimension({ slack: 1e-12, maxMultiplier: 12 }, 20_000).multiplier).toBe(12);
});

test.prop([
  fc.array(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 }), { minLength: 9, maxLength: 9 }),
  fc.shuffledSubarray(["a", "b", "c"], { minLength: 3 }),
])(
  "priority: multipliers ≥ 0, weights ≥ 0 with sum 1, later tasks 0, and a slack constraint leaves the stage's task alone",
  (losses, order) => {
    const names = ["a", "b", "c"];
    const prepared = priority.prepare({ order, slackIn: "absolute" }, contextOf(3, { names, epochs: 3 }));
    let state = prepared.start();
    losses.forEach((own, step) => {
      const epoch = Math.floor(step / 3);
      const before = state["multiplier"] ?? [];
      const { weights, state: next } = prepared.weigh({ tasks: [0, 1, 2], losses: own, step, epoch }, state);
      state = next;
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...weights, ...(state["multiplier"] ?? []))).toBeGreaterThanOrEqual(0);
      order.slice(epoch + 1).forEach((name) => expect(weights[names.indexOf(name)]).toBe(0));
      if (before.every((multiplier) => multiplier === 0)) expect(weights[names.indexOf(order[epoch] ?? "")]).toBe(1);
    });
  },
);

test("priority: an order that is no permutation is refused, and the file's order is the default", () => {
  for (const order of [["a"], ["a", "a"], ["a", "c"], ["a", "b", "b"]]) {
    expect(priority.objection({ order }, ["a", "b"])).toMatchObject({
      option: "order",
      message: expect.stringContaining("a, b") as string,
    });
  }
  expect(priority.objection({ order: ["b", "a"] }, ["a", "b"])).toBeUndefined();
  const prepared = priority.prepare({}, contextOf(2));
  expect(prepared.weigh({ tasks: [0, 1], losses: [1, 1], step: 0, epoch: 0 }, prepared.start()).weights).toEqual([1, 0]);
});

test("priority: a stage takes the epochs it is given, and at its end notes what its task has reached", () => {
  const prepared = priority.prepare({ stageEpochs: 2, decay: 0 }, contextOf(2, { epochs: 10 }));
  let state = prepared.start();
  const weights = [0, 1, 2, 3].map((epoch) => {
    const answer = prepared.weigh({ tasks: [0, 1], losses: [4 - epoch, 1], step: epoch, epoch }, state);
    state = answer.state;
    return answer.weights;
  });
  expect(weights.map(([first]) => first)).toEqual([1, 1, 0, 0]);
  expect(state["reached"]).toEqual([3, NaN]);
});

test("priority: an absent task keeps its average and its multiplier; with one task it is plain training", () => {
  const prepared = priority.prepare({ stageEpochs: 1 }, contextOf(2));
  const moment = { step: 0, epoch: 0 };
  const first = prepared.weigh({ ...moment, tasks: [0, 1], losses: [2, 2] }, prepared.start()).state;
  const { weights, state } = prepared.weigh({ tasks: [1], losses: [1], step: 1, epoch: 1 }, first);
  expect(weights).toEqual([1]);
  expect(state).toMatchObject({ average: [2, 1.9], multiplier: [0, 0], reached: [2, NaN] });
  const alone = priority.prepare({}, contextOf(1));
  expect(alone.weigh({ tasks: [0], losses: [2], step: 9, epoch: 9 }, alone.start()).weights).toEqual([1]);
});

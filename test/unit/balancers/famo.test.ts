import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { famo, logitGradient } from "../../../src/balancers/famo.ts";
import { softmax } from "../../../src/balancers/kernels/softmax.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenStep, numbers } from "./golden-steps.ts";
import { descend, nashStarts, onFront, type Pair } from "./toys/two-objectives.ts";

const loss = fc.double({ min: 1e-1, max: 1e3, noNaN: true });
const pairs = fc.array(fc.tuple(loss, loss), { minLength: 1, maxLength: 8 });

/** Weighs `before`, then learns that the losses came to `after`; again and again. */
function trained(sequence: readonly (readonly number[])[], options: object = {}) {
  const [first = []] = sequence;
  const prepared = famo.prepare(options, contextOf(first.length));
  const tasks = first.map((_, task) => task);
  let state = prepared.start();
  return sequence.slice(0, -1).map((losses, step) => {
    const moment = { tasks, step, epoch: 0 };
    const { weights } = prepared.weigh({ ...moment, losses }, state);
    state = prepared.learn({ ...moment, losses, looks: [sequence[step + 1] ?? []], distances: [] }, state);
    return { weights, logits: state["logits"] ?? [], mean: state["mean"] ?? [] };
  });
}

test("famo: golden weights, gradients and logits of two steps", () => {
  const shape = { L0: numbers, L1: numbers, L2: numbers, weights0: numbers, grad0: numbers, w1: numbers };
  const golden = goldenStep("FAMO", { ...shape, weights1: numbers, grad1: numbers, w2: numbers });
  const [first, second] = trained([golden.L0, golden.L1, golden.L2]);
  expectClose(first?.weights ?? [], golden.weights0, 1e-9);
  expectClose(first?.logits ?? [], golden.w1, 1e-9);
  expectClose(second?.weights ?? [], golden.weights1, 1e-9);
  expectClose(second?.logits ?? [], golden.w2, 1e-9);
  // Adam's mean is 0.1 of the first gradient, and 0.9 of that with 0.1 of the second.
  expectClose(
    first?.mean ?? [],
    golden.grad0.map((slope) => 0.1 * slope),
    1e-9,
  );
  expectClose(
    second?.mean ?? [],
    golden.grad1.map((slope, i) => 0.09 * (golden.grad0[i] ?? NaN) + 0.1 * slope),
    1e-9,
  );
});

test.prop([pairs])("famo: the weights are positive and sum to 1, the gradient of the logits sums to 0", (losses) => {
  const before = losses.map(([value]) => value);
  const after = losses.map(([, value]) => value);
  for (const { weights } of trained([before, after, before])) {
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
    expect(Math.min(...weights)).toBeGreaterThan(0);
  }
  const gradient = logitGradient(
    softmax(before),
    losses.map(([from, to]) => Math.log(from / to)),
  );
  expect(gradient.reduce((sum, slope) => sum + slope, 0)).toBeCloseTo(0, 10);
});

test.prop([fc.array(fc.tuple(loss, loss), { minLength: 2, maxLength: 20 })])(
  "famo: with two tasks and no decay the sum of the logits never changes",
  (losses) => {
    // Gradients that are all rounding, ±1e-17, are divided by Adam's 1e-8: up to 2.5e-11 a step.
    for (const { logits } of trained(losses, { gamma: 0 })) expect(Math.abs((logits[0] ?? NaN) + (logits[1] ?? NaN))).toBeLessThan(2e-9);
  },
);

test.prop([pairs, fc.double({ min: -1, max: 3, noNaN: true })])("famo: the scale of a loss does not matter", (losses, power) => {
  const sequence = [losses.map(([value]) => value), losses.map(([, value]) => value), losses.map(([value]) => value)];
  const scaled = sequence.map((values) => values.map((value, i) => (i === 0 ? value * 10 ** power : value)));
  // Only the 1e-8 in the logarithm is not scaled with the loss.
  trained(scaled).forEach(({ logits }, step) => expectClose(logits, trained(sequence)[step]?.logits ?? [], 1e-3));
  const [plain, other] = [trained(sequence)[0]?.weights ?? [], trained(scaled)[0]?.weights ?? []];
  const products = (weights: readonly number[], values: readonly number[] = []) => weights.map((weight, i) => weight * (values[i] ?? NaN));
  const [a, b] = [products(plain, sequence[0]), products(other, scaled[0])];
  a.forEach((value, i) => expect(value / (a[0] ?? NaN)).toBeCloseTo((b[i] ?? NaN) / (b[0] ?? NaN), 3));
});

describe("famo: edges", () => {
  test("a loss below its bound is refused with the task's name; at its bound it still has a weight", () => {
    const prepared = famo.prepare({ minLosses: [-2, 0] }, contextOf(2, { names: ["mass", "sex"] }));
    const weigh = (losses: readonly number[]) => prepared.weigh({ tasks: [0, 1], losses, step: 0, epoch: 0 }, prepared.start());
    expect(() => weigh([-1, -0.1])).toThrow('The loss of "sex" is -0.1, and this method needs losses of at least 0');
    expect(weigh([-2, 1]).weights.every(Number.isFinite)).toBe(true);
  });

  test("minLosses needs one number a task", () => {
    expect(famo.objection({ minLosses: [0] }, ["a", "b"])).toMatchObject({ option: "minLosses" });
    expect(() => famo.prepare({ minLosses: [0] }, contextOf(2))).toThrow("1 numbers for 2 tasks");
  });

  test("a look at losses that are not finite teaches nothing, and an absent task keeps its logit", () => {
    const prepared = famo.prepare({}, contextOf(3));
    const moment = { tasks: [0, 2], step: 0, epoch: 0, losses: [1, 2], distances: [] };
    expect(prepared.learn({ ...moment, looks: [[NaN, 1]] }, prepared.start())).toEqual(prepared.start());
    const { logits, count } = prepared.learn({ ...moment, looks: [[0.5, 1.9]] }, prepared.start());
    expect(logits?.map(Math.sign)).toEqual([-1, 0, 1]);
    expect(count).toEqual([1, 0, 1]);
  });
});

/** With the first loss × 0.1 and lower bounds a little below the least losses, as the authors' toy has them. */
describe("famo: on the two-objective toy", () => {
  const run = (gamma: number, start: Pair) =>
    descend({ method: "famo", options: { gamma, minLosses: [-2.1, -21] }, start, steps: 35_000, factors: [0.1, 1] });
  // Starts 0 and 2 come through the upper valleys, where the last bit of a number decides the way.
  const outcomes = [
    { start: 0, without: [-1.416, -15.94], tolerance: 0.5 },
    { start: 1, without: [-1.517, -15.01], tolerance: 0.1, decayed: [-0.248, -19.93] },
    { start: 2, without: [-1.564, -14.51], tolerance: 0.5 },
    { start: 3, without: [-1.327, -16.63], tolerance: 0.1, decayed: [-0.248, -19.93] },
    { start: 4, without: [-1.764, -11.63], tolerance: 0.1, decayed: [-1.993, -2.48] },
  ].map((outcome) => ({ ...outcome, from: nashStarts[outcome.start] ?? ([NaN, NaN] as const) }));

  test.each(outcomes)("without decay, start $start reaches the front at $without", ({ from, without, tolerance }) => {
    const { position, losses } = run(0, from);
    expect(onFront(position)).toBe(true);
    expect(Math.abs(losses[0] - (without[0] ?? NaN))).toBeLessThan(tolerance / 10);
    expect(Math.abs(losses[1] - (without[1] ?? NaN))).toBeLessThan(tolerance);
  });

  test.each(outcomes)("with decay 0.01, start $start: stuck, or drawn to one task's end of the front", ({ from, decayed }) => {
    const { position, losses } = run(0.01, from);
    expect(onFront(position)).toBe(decayed !== undefined);
    if (decayed !== undefined) expectClose(losses, decayed, 2e-3);
  });
});

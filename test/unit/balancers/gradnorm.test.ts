import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { gradnorm } from "../../../src/balancers/gradnorm.ts";
import { byLogits, compareNorms } from "../../../src/balancers/kernels/gradnorm-gradient.ts";
import { softmax } from "../../../src/balancers/kernels/softmax.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenStep, numbers } from "./golden-steps.ts";

const positive = fc.double({ min: 0.01, max: 100, noNaN: true });
const tasks = fc.array(
  fc.record({ weight: positive, norm: positive, progress: positive, logit: fc.double({ min: -2, max: 2, noNaN: true }) }),
  {
    minLength: 1,
    maxLength: 8,
  },
);
const forms = ["plain", "softmax"] as const;

test.each([
  ["0.12", 0.12],
  ["1.5", 1.5],
] as const)("gradnorm: golden rates, targets and gradients with α = %s", (name, alpha) => {
  const given = { norms: numbers, losses: numbers, L0: numbers, r: numbers, target: numbers, grad_w: numbers };
  const { norms, losses, L0, r, target, grad_w } = goldenStep(`GradNorm_a${name}`, given);
  const ones = norms.map(() => 1);
  const { ratios, targets, loss, gradient } = compareNorms(
    ones,
    norms,
    losses.map((value, i) => value / (L0[i] ?? NaN)),
    alpha,
  );
  expectClose(ratios, r, 1e-9);
  expectClose(targets, target, 1e-9);
  expectClose(gradient, grad_w, 1e-9);
  expect(loss).toBeGreaterThan(0);
  const { grad_s } = goldenStep(`GradNorm_softmax_a${name}`, { grad_s: numbers });
  expectClose(byLogits(gradient, ones, ones.length), grad_s, 1e-9);
});

test.prop([tasks, fc.double({ min: 0, max: 3, noNaN: true })])(
  "gradnorm: its gradients are what finite differences say with the targets held",
  (all, alpha) => {
    const [norms, progress, logits] = [all.map(({ norm }) => norm), all.map((t) => t.progress), all.map(({ logit }) => logit)];
    const weightsAt = (s: readonly number[]) => softmax(s).map((share) => share * all.length);
    const weights = weightsAt(logits);
    const { gradient, targets } = compareNorms(weights, norms, progress, alpha);
    const away = weights.map((weight, i) => Math.abs(weight * (norms[i] ?? 0) - (targets[i] ?? 0)));
    fc.pre(away.every((distance, i) => distance > 1e-3 * (norms[i] ?? 0)));
    const lossOf = (at: readonly number[]) =>
      at.reduce((sum, weight, i) => sum + Math.abs(weight * (norms[i] ?? 0) - (targets[i] ?? 0)), 0);
    const slopes = byLogits(gradient, weights, all.length);
    const size = Math.max(...norms) * all.length;
    all.forEach((_, i) => {
      const moved = (values: readonly number[], by: number) => values.map((value, j) => (i === j ? value + by : value));
      const byWeight = (lossOf(moved(weights, 1e-6)) - lossOf(moved(weights, -1e-6))) / 2e-6;
      expect(Math.abs(byWeight - (gradient[i] ?? NaN))).toBeLessThan(1e-6 * size);
      const byLogit = (lossOf(weightsAt(moved(logits, 1e-6))) - lossOf(weightsAt(moved(logits, -1e-6)))) / 2e-6;
      expect(Math.abs(byLogit - (slopes[i] ?? NaN))).toBeLessThan(1e-5 * size);
    });
  },
);

describe.each(forms)("gradnorm: %s form", (form) => {
  test.prop([tasks, fc.double({ min: 0, max: 3, noNaN: true })])("the weights stay positive and sum to K", (all, alpha) => {
    const played = play({ form, alpha, learningRate: 0.5 }, 12, () => all.map(({ norm, progress }) => ({ norm, loss: progress })));
    for (const weights of played) {
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(all.length, 9);
      expect(Math.min(...weights)).toBeGreaterThan(0);
    }
    if (all.length === 1) expect(played.at(-1)?.[0]).toBeCloseTo(1, 12);
  });

  test("with α = 0 the weighted norms become equal: w ∝ 1/n", () => {
    const norms = [1, 4, 2];
    const last = play({ form, alpha: 0, learningRate: 0.002 }, 4000, () => norms.map((norm) => ({ norm, loss: 1 }))).at(-1) ?? [];
    expectClose(
      last.map((weight, i) => weight * (norms[i] ?? NaN)),
      norms.map(() => 12 / 7),
      0.02,
    );
  });

  test("a task that trains more slowly than the others gets more weight", () => {
    const last = play({ form, alpha: 1.5 }, 50, (step) => [
      { norm: 1, loss: 1 },
      { norm: 1, loss: 0.9 ** step },
    ]).at(-1);
    expect(last?.[0]).toBeGreaterThan(last?.[1] ?? NaN);
  });

  test("an absent task keeps its weight, and the present ones share theirs; a task without a gradient has no say", () => {
    const prepared = gradnorm.prepare({ form, alpha: 0.5 }, contextOf(4));
    const weigh = (present: readonly number[], norms: readonly number[], state = prepared.start()) =>
      prepared.weigh({ tasks: present, losses: present.map((task) => task + 1), norms, step: 0, epoch: 0 }, state);
    const [first, second] = [weigh([0, 1, 2, 3], [1, 2, 3, 4]), weigh([0, 1, 2, 3], [1, 2, 3, 4])];
    expect(second).toEqual(first);
    const apart = weigh([0, 2], [5, 0], first.state);
    const after = weigh([0, 1, 2, 3], [1, 2, 3, 4], apart.state).weights;
    const before = weigh([0, 1, 2, 3], [1, 2, 3, 4], first.state).weights;
    expect(after[1]).toBeCloseTo(before[1] ?? NaN, 12);
    expect(after[3]).toBeCloseTo(before[3] ?? NaN, 12);
    expect(after.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(4, 12);
    expect(apart.state["count"]).toEqual([2, 1, 1, 1]);
  });

  test("the initial loss is the first step's, or the first epoch's mean with weights 1 until then", () => {
    const losses = [
      [2, 3],
      [4, 5],
      [1, 8],
    ];
    const prepared = gradnorm.prepare({ form, initial: "epoch" }, contextOf(2));
    let state = prepared.start();
    const weights = losses.map((own, step) => {
      const answer = prepared.weigh({ tasks: [0, 1], losses: own, norms: [1, 2], step, epoch: step < 2 ? 0 : 1 }, state);
      state = answer.state;
      return answer.weights;
    });
    expect(weights).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(state["sum"]).toEqual([6, 8]);
    expect(state["seen"]).toEqual([2, 2]);
    expect(state["count"]).toEqual([1, 1]);
  });
});

test("gradnorm: level by the option layer; a negative loss is refused with the task's name", () => {
  expect(gradnorm.prepare({}, contextOf(2)).level).toBe("last-layer");
  expect(gradnorm.prepare({ layer: "all" }, contextOf(2)).level).toBe("parameters");
  const prepared = gradnorm.prepare({}, contextOf(1, { names: ["mass"] }));
  expect(() => prepared.weigh({ tasks: [0], losses: [-1], norms: [1], step: 0, epoch: 0 }, prepared.start())).toThrow('loss of "mass"');
});

/** The weights of each step. */
function play(options: object, steps: number, at: (step: number) => readonly { readonly norm: number; readonly loss: number }[]) {
  const present = at(0).map((_, task) => task);
  const prepared = gradnorm.prepare(options, contextOf(present.length));
  let state = prepared.start();
  return Array.from({ length: steps }, (_, step) => {
    const seen = at(step);
    const input = { tasks: present, losses: seen.map(({ loss }) => loss), norms: seen.map(({ norm }) => norm), step, epoch: 0 };
    const answer = prepared.weigh(input, state);
    state = answer.state;
    return answer.weights;
  });
}

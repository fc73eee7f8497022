import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { adaptiveUncertainty } from "../../../src/balancers/adaptive-uncertainty.ts";
import type { Balancer } from "../../../src/balancers/balancer.ts";
import { dwa } from "../../../src/balancers/dwa.ts";
import { geometric } from "../../../src/balancers/geometric.ts";
import { imtlL } from "../../../src/balancers/imtl-l.ts";
import { restrained } from "../../../src/balancers/kernels/restrained-uncertainty.ts";
import { restrainedUncertainty } from "../../../src/balancers/restrained-uncertainty.ts";
import { scaleInvariant } from "../../../src/balancers/scale-invariant.ts";
import { stch } from "../../../src/balancers/stch.ts";
import { uncertainty } from "../../../src/balancers/uncertainty.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenStep, numbers } from "./golden-steps.ts";

const loss = fc.double({ min: 0.1, max: 10, noNaN: true });
const pairs = fc.array(fc.tuple(loss, fc.double({ min: 0.2, max: 2, noNaN: true })), { minLength: 1, maxLength: 6 });

function play(balancer: Balancer, options: object, sequence: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const prepared = balancer.prepare(options, contextOf(sequence[0]?.length ?? 0));
  let state = prepared.start();
  return sequence.map((losses, step) => {
    const answer = prepared.weigh({ tasks: losses.map((_, task) => task), losses, step, epoch: step }, state);
    state = answer.state;
    return answer.weights;
  });
}

function slopesOf(objective: (at: readonly number[]) => number, at: readonly number[]): number[] {
  const step = 1e-6;
  return at.map((_, i) => {
    const moved = (by: number) => objective(at.map((value, j) => (i === j ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

describe("weights and learnt values move against the slopes of the objective", () => {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const methods: readonly (readonly [Balancer, string, (own: readonly number[], losses: readonly number[]) => number])[] = [
    [uncertainty, "logVariance", (s, losses) => sum(s.map((v, i) => 0.5 * Math.exp(-v) * (losses[i] ?? 0) + 0.5 * v))],
    [imtlL, "logScale", (s, losses) => sum(s.map((v, i) => Math.exp(v) * (losses[i] ?? 0) - v))],
    [adaptiveUncertainty, "sigma", (s, losses) => sum(s.map((v, i) => (losses[i] ?? 0) / (2 * v * v) + Math.log(1 + v * v)))],
  ];
  for (const [balancer, name, objective] of methods) {
    test.prop([pairs])(`${balancer.id}: finite differences`, (all) => {
      const [losses, own] = [all.map(([value]) => value), all.map(([, value]) => value)];
      const prepared = balancer.prepare({}, contextOf(all.length));
      const input = { tasks: all.map((_, task) => task), losses, step: 0, epoch: 0 };
      const { weights, state } = prepared.weigh(input, { ...prepared.start(), [name]: own });
      expectClose(
        weights,
        slopesOf((at) => objective(own, at), losses),
        1e-6,
      );
      // Adam's mean is 0.1 of the first gradient.
      expectClose(
        (state["mean"] ?? []).map((mean) => 10 * mean),
        slopesOf((at) => objective(at, losses), own),
        1e-5,
      );
    });
  }

  test.prop([pairs, fc.constantFrom("sigma" as const, "log-sigma" as const), fc.double({ min: 0.1, max: 5, noNaN: true })])(
    "restrained-uncertainty: finite differences, with both restraints",
    (all, restraint, phi) => {
      const [losses, own] = [all.map(([value]) => value), all.map(([, value]) => value)];
      const tasks = all.map((_, task) => task);
      const at = (sigma: readonly number[], seen: readonly number[] = losses) =>
        restrained({ sigma, tasks, losses: seen, coefficient: 0.5, phi, restraint });
      const held = own.reduce((total, s) => total + Math.abs(restraint === "sigma" ? s : Math.log(s)), 0);
      fc.pre(Math.abs(held - phi) > 1e-3 && own.every((s) => Math.abs(s - 1) > 1e-3));
      const { weights, gradient } = at(own);
      expectClose(
        gradient,
        slopesOf((sigma) => at(sigma).value, own),
        1e-5,
      );
      expectClose(
        weights,
        slopesOf((seen) => at(own, seen).value, losses),
        1e-5,
      );
    },
  );
});

describe("restrained-uncertainty", () => {
  test("restrained-uncertainty: golden objective and weights of the authors' code", () => {
    const { losses, sigma, phi, value, weights } = goldenStep("DRUW_loss", {
      losses: numbers,
      sigma: numbers,
      phi: numbers.element,
      value: numbers.element,
      weights: numbers,
    });
    const answer = restrained({ sigma, tasks: [0, 1, 2], losses, coefficient: 0.33, phi, restraint: "sigma" });
    expect(answer.value).toBeCloseTo(value, 9);
    expectClose(answer.weights, weights, 1e-9);
  });

  test("restrained-uncertainty: with σ frozen it is dynamic weight average and a constant", () => {
    const sequence = [
      [3, 1, 2],
      [2.4, 0.9, 2],
      [2.2, 0.7, 1.9],
      [2.2, 0.6, 1.4],
    ];
    const own = play(restrainedUncertainty, { learningRate: 1e-12, ratio: "epoch", initial: 0.5 }, sequence);
    const dynamic = play(dwa, { temperature: 10 }, sequence);
    own.forEach((weights, step) => expectClose(weights, dynamic[step]?.map((weight) => weight + 1 / (3 * 0.25)) ?? [], 1e-9));
  });

  test("restrained-uncertainty: the restraint draws the σ to the sum φ, and an absent task keeps its own", () => {
    const prepared = restrainedUncertainty.prepare({ phi: 3, initial: 1, learningRate: 0.01 }, contextOf(3));
    let state = prepared.start();
    for (let step = 0; step < 1500; step++) state = prepared.weigh({ tasks: [0, 1], losses: [1.5, 1.5], step, epoch: 0 }, state).state;
    expect(state["sigma"]?.[2]).toBe(1);
    expect(state["sigma"]?.reduce((sum, s) => sum + s, 0)).toBeCloseTo(3, 1);
  });
});

describe("dwa", () => {
  const three = fc.array(fc.array(loss, { minLength: 4, maxLength: 4 }), { minLength: 3, maxLength: 6 });

  test.prop([three, fc.double({ min: 0.1, max: 100, noNaN: true })])(
    "dwa: the weights sum to K, ignore a constant factor of a loss, and follow the slower task",
    (sequence, temperature) => {
      const last = play(dwa, { temperature }, sequence).at(-1) ?? [];
      expect(last.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(4, 9);
      const scaled = sequence.map((losses) => losses.map((value, i) => (i === 1 ? 50 * value : value)));
      expectClose(play(dwa, { temperature }, scaled).at(-1) ?? [], last, 1e-9);
      const [before = [], after = []] = sequence.slice(-3);
      const ratios = after.map((value, i) => value / (before[i] ?? NaN));
      ratios.forEach((a, i) =>
        ratios.forEach((b, j) => {
          if (a < b) expect(last[i]).toBeLessThanOrEqual(last[j] ?? NaN);
        }),
      );
    },
  );

  test.prop([three])("dwa: a high temperature makes all weights 1", (sequence) => {
    expectClose(play(dwa, { temperature: 1000 }, sequence).at(-1) ?? [], [1, 1, 1, 1], 0.2);
  });

  test("dwa: windows of n steps take the place of epochs", () => {
    const prepared = dwa.prepare({ window: 2, temperature: 1 }, contextOf(2));
    let state = prepared.start();
    const weights = [4, 2, 2, 1, 9].map((value, step) => {
      const answer = prepared.weigh({ tasks: [0, 1], losses: [value, 1], step, epoch: 0 }, state);
      state = answer.state;
      return answer.weights;
    });
    expect(weights.slice(0, 4)).toEqual(new Array(4).fill([1, 1]));
    const [a, b] = [Math.exp(0.5), Math.exp(1)];
    expectClose(weights[4] ?? [], [(2 * a) / (a + b), (2 * b) / (a + b)], 1e-12);
  });
});

describe("stch", () => {
  test.prop([pairs, fc.double({ min: 0.05, max: 10, noNaN: true })])(
    "stch: the weights are the slopes of its smooth maximum, which is at most μ ln K above the maximum",
    (all, mu) => {
      const [losses, preference] = [all.map(([value]) => value), all.map(([, part]) => part)];
      const total = preference.reduce((sum, part) => sum + part, 0);
      const ideal = losses.map((_, i) => i / 10);
      const terms = (at: readonly number[]) => at.map((value, i) => ((preference[i] ?? 0) / total) * (value - (ideal[i] ?? 0)));
      const objective = (at: readonly number[]) => mu * Math.log(terms(at).reduce((sum, term) => sum + Math.exp(term / mu), 0));
      expectClose(play(stch, { form: "paper", mu, preference, ideal }, [losses])[0] ?? [], slopesOf(objective, losses), 1e-6);
      const most = Math.max(...terms(losses));
      expect(objective(losses)).toBeGreaterThanOrEqual(most - 1e-9);
      expect(objective(losses)).toBeLessThanOrEqual(most + mu * Math.log(losses.length) + 1e-9);
    },
  );

  test.prop([fc.array(fc.array(loss, { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 3 })])(
    "stch: the mtl form ignores the scale of a loss, and its weighted losses sum to K",
    (sequence) => {
      const products = (factor: number) => {
        const scaled = sequence.map((losses) => losses.map((value, i) => (i === 0 ? factor * value : value)));
        return (play(stch, { warmUp: 1 }, scaled)[2] ?? []).map((weight, i) => weight * (scaled[2]?.[i] ?? NaN));
      };
      expectClose(products(100), products(1), 1e-9);
      expect(products(1).reduce((sum, value) => sum + value, 0)).toBeCloseTo(3, 9);
    },
  );

  test("stch: preference and ideal point belong to the paper's form, one number a task", () => {
    expect(stch.objection({ preference: [1, 2] }, ["a", "b"])).toMatchObject({ option: "preference" });
    expect(stch.objection({ form: "paper", ideal: [1] }, ["a", "b"])).toMatchObject({ option: "ideal" });
    expect(stch.objection({ form: "paper", preference: [1, 2] }, ["a", "b"])).toBeUndefined();
  });
});

test.each([geometric, scaleInvariant, stch])("$id: a negative loss is refused with the task's name, 0 has a finite weight", (balancer) => {
  const prepared = balancer.prepare({}, contextOf(2, { names: ["mass", "sex"] }));
  const weigh = (losses: readonly number[]) => prepared.weigh({ tasks: [0, 1], losses, step: 0, epoch: 0 }, prepared.start()).weights;
  expect(() => weigh([1, -0.5])).toThrow('The loss of "sex" is -0.5');
  expect(weigh([1, 0]).every(Number.isFinite)).toBe(true);
});

test.prop([pairs, fc.double({ min: 0.01, max: 100, noNaN: true })])(
  "geometric and scale-invariant: a factor of a loss turns no direction; Σ w L is the mean, or K",
  (all, factor) => {
    const losses = all.map(([value]) => value);
    const scaled = losses.map((value, i) => (i === 0 ? factor * value : value));
    const products = (balancer: Balancer, at: readonly number[]) =>
      (play(balancer, {}, [at])[0] ?? []).map((weight, i) => weight * (at[i] ?? NaN));
    expectClose(products(scaleInvariant, scaled), products(scaleInvariant, losses), 1e-9);
    expect(products(scaleInvariant, losses).reduce((sum, value) => sum + value, 0)).toBeCloseTo(losses.length, 9);
    const mean = Math.exp(losses.reduce((sum, value) => sum + Math.log(value), 0) / losses.length);
    expect(products(geometric, losses).reduce((sum, value) => sum + value, 0)).toBeCloseTo(mean, 9);
    const longer = factor ** (1 / losses.length);
    expectClose(
      products(geometric, scaled),
      products(geometric, losses).map((value) => value * longer),
      1e-9,
    );
  },
);

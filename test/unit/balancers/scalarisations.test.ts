import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import type { Balancer } from "../../../src/balancers/balancer.ts";
import { chebyshev } from "../../../src/balancers/chebyshev.ts";
import { cosmos } from "../../../src/balancers/cosmos.ts";
import { dtp } from "../../../src/balancers/dtp.ts";
import { pbi } from "../../../src/balancers/pbi.ts";
import { unitary } from "../../../src/balancers/unitary.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenStep, numbers } from "./golden-steps.ts";

const loss = fc.double({ min: 0.1, max: 10, noNaN: true });
const share = fc.double({ min: 0.1, max: 1, noNaN: true });
const points = fc.array(fc.tuple(loss, share), { minLength: 1, maxLength: 6 });

function weigh(balancer: Balancer, losses: readonly number[], options: object = {}): readonly number[] {
  const prepared = balancer.prepare(options, contextOf(losses.length));
  return prepared.weigh({ tasks: losses.map((_, task) => task), losses, step: 0, epoch: 0 }, prepared.start()).weights;
}

/** Slopes of a function of the losses by central differences. */
function slopesOf(objective: (losses: readonly number[]) => number, losses: readonly number[]): number[] {
  const step = 1e-5;
  return losses.map((_, i) => {
    const at = (by: number) => objective(losses.map((value, j) => (i === j ? value + by : value)));
    return (at(step) - at(-step)) / (2 * step);
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function sharesOf(preference: readonly number[]): number[] {
  const sum = preference.reduce((total, part) => total + part, 0);
  return preference.map((part) => part / sum);
}

describe("the weights are the slopes of the objective", () => {
  test.prop([points, fc.double({ min: 0, max: 5, noNaN: true })])("cosmos", (all, lambda) => {
    const [losses, preference] = [all.map(([value]) => value), all.map(([, part]) => part)];
    const r = sharesOf(preference);
    const objective = (at: readonly number[]) => dot(r, at) - (lambda * dot(r, at)) / Math.hypot(...r) / Math.hypot(...at);
    expectClose(weigh(cosmos, losses, { preference, lambda }), slopesOf(objective, losses), 1e-5);
  });

  test.prop([points, fc.double({ min: 0, max: 5, noNaN: true })])("pbi", (all, theta) => {
    const [losses, preference] = [all.map(([value]) => value), all.map(([, part]) => part)];
    const ideal = losses.map((_, i) => -i);
    const u = preference.map((part) => part / Math.hypot(...preference));
    const split = (at: readonly number[]) => {
      const away = at.map((value, i) => value - (ideal[i] ?? 0));
      const along = dot(away, u);
      return { along, beside: Math.hypot(...away.map((value, i) => value - along * (u[i] ?? 0))) };
    };
    fc.pre(losses.length === 1 || split(losses).beside > 0.05);
    const objective = (at: readonly number[]) => split(at).along + theta * split(at).beside;
    // With one task the distance from the ray is the rounding of 0.
    const expected = losses.length === 1 ? [1] : slopesOf(objective, losses);
    expectClose(weigh(pbi, losses, { preference, ideal, theta }), expected, 1e-4);
  });

  test.prop([points, fc.double({ min: 0, max: 1, noNaN: true })])("chebyshev", (all, rho) => {
    const [losses, preference] = [all.map(([value]) => value), all.map(([, part]) => part)];
    const ideal = losses.map((_, i) => -i);
    const r = sharesOf(preference);
    const regrets = (at: readonly number[]) => at.map((value, i) => (r[i] ?? 0) * (value - (ideal[i] ?? 0)));
    const [worst = 0, second = -1] = regrets(losses).sort((a, b) => b - a);
    fc.pre(worst - second > 1e-3);
    const objective = (at: readonly number[]) => Math.max(...regrets(at)) + rho * regrets(at).reduce((sum, value) => sum + value, 0);
    expectClose(weigh(chebyshev, losses, { preference, ideal, rho }), slopesOf(objective, losses), 1e-6);
  });
});

test("cosmos: λ = 0 is the weighted sum, and losses of 0 have no angle", () => {
  expectClose(weigh(cosmos, [3, 1], { preference: [3, 1], lambda: 0 }), [0.75, 0.25], 1e-12);
  expect(weigh(cosmos, [0, 0])).toEqual([0.5, 0.5]);
  expect(weigh(cosmos, [2])).toEqual([1]);
});

test("pbi: on the ray the penalty counts for nothing, and it pulls a task that lags behind", () => {
  expectClose(weigh(pbi, [2, 2]), [Math.SQRT1_2, Math.SQRT1_2], 1e-12);
  const [ahead = NaN, behind = NaN] = weigh(pbi, [1, 2]);
  expect(ahead).toBeLessThan(0);
  expect(behind).toBeGreaterThan(1);
  expect(weigh(pbi, [2])).toEqual([1]);
});

test("chebyshev: the worst task alone, equally bad ones share", () => {
  expect(weigh(chebyshev, [1, 3, 2])).toEqual([0, 1 / 3, 0]);
  expect(weigh(chebyshev, [3, 1, 3])).toEqual([1 / 6, 0, 1 / 6]);
  expect(weigh(chebyshev, [3])).toEqual([1]);
});

test.each([cosmos, pbi, chebyshev])("$id: a preference with another number of tasks is refused", (balancer) => {
  expect(balancer.objection({ preference: [1, 2, 3] }, ["a", "b"])).toMatchObject({ option: "preference" });
  expect(balancer.objection({ preference: [1, 2] }, ["a", "b"])).toBeUndefined();
  expect(() => balancer.prepare({ preference: [1, 0] }, contextOf(2))).toThrow();
});

describe("dtp", () => {
  const play = (options: object, seen: readonly (readonly number[])[]) => {
    const prepared = dtp.prepare(options, contextOf(3));
    let state = prepared.start();
    return seen.map((performance, step) => {
      const answer = prepared.weigh({ tasks: [0, 1, 2], losses: [1, 1, 1], performance, step, epoch: 0 }, state);
      state = answer.state;
      return answer.weights;
    });
  };

  test.each([0, 1, 2])("dtp: golden weights with γ = %i", (gamma) => {
    const { kpi, weights } = goldenStep(`DTP_g${gamma}`, { kpi: numbers, weights: numbers });
    expectClose(play({ gamma }, [kpi])[0] ?? [], weights, 1e-9);
  });

  test("dtp: the first achievement starts the average, the next ones move it by α", () => {
    const [, second = []] = play({ alpha: 0.25, gamma: 0 }, [
      [0.2, 0.4, 0.6],
      [0.6, 0.4, 0.2],
    ]);
    expectClose(second, [-Math.log(0.3), -Math.log(0.4), -Math.log(0.5)], 1e-12);
  });

  test.prop([
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    fc.double({ min: 0, max: 5, noNaN: true }),
  ])("dtp: finite and positive, and the better a task does the less it weighs", (performance, gamma) => {
    const [weights = []] = play({ gamma }, [performance]);
    expect(weights.every((weight) => Number.isFinite(weight) && weight > 0)).toBe(true);
    performance.forEach((a, i) =>
      performance.forEach((b, j) => {
        if (a < b) expect(weights[i]).toBeGreaterThanOrEqual(weights[j] ?? NaN);
      }),
    );
  });

  test("dtp: an absent task keeps its average", () => {
    const prepared = dtp.prepare({}, contextOf(2));
    const { state } = prepared.weigh({ tasks: [1], losses: [1], performance: [0.5], step: 0, epoch: 0 }, prepared.start());
    expect(state["average"]).toEqual([NaN, 0.5]);
  });
});

test("unitary: equal weights, and its regularisation is what the options say", () => {
  expect(weigh(unitary, [1, 2, 3])).toEqual([1, 1, 1]);
  expect(unitary.regularisation({ dropout: 0.25, patience: 5 })).toEqual({ weightDecay: 1e-3, dropout: 0.25, patience: 5 });
});

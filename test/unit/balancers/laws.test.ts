import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { minNormPoint } from "../../../src/balancers/kernels/min-norm.ts";
import { balanceProblemSchema, playBalance, type BalanceProblem, type BalanceStep } from "../../../src/balancers/play.ts";
import { uncertainty } from "../../../src/balancers/uncertainty.ts";
import { jacobians } from "./jacobians.ts";

type Rows = readonly (readonly number[])[];
type Steps = BalanceProblem["steps"];

describe("every method", () => {
  for (const { id } of balancerCatalogue) {
    test.prop([jacobians({ tasks: [1, 10], magnitudes: 8 })])(`${id}: finite answer for every finite Jacobian`, (jacobian) => {
      const { weights, direction } = play(id, jacobian);
      expect([...(weights ?? []), ...(direction ?? [])].every(Number.isFinite)).toBe(true);
    });
    test.prop([jacobians({ tasks: [2, 6], magnitudes: 1 }), fc.integer({ min: 1, max: 5 })])(`${id}: permuting tasks permutes nothing else`, (jacobian, turn) => {
      const turned = jacobian.map((_, i) => jacobian[(i + turn) % jacobian.length] ?? []);
      const longest = Math.max(...jacobian.map((row) => Math.sqrt(dot(row, row))));
      expectVector(play(id, turned).direction, play(id, jacobian).direction ?? [], 1e-6, longest);
    });
    test.prop([jacobians({ tasks: [1, 4] })])(`${id}: a loss that is not finite changes no state and gives no direction`, (jacobian) => {
      const rows = jacobian.map((row) => [...row]);
      const good = { jacobian: rows, losses: rows.map(() => 1) };
      const bad = { jacobian: rows, losses: rows.map((_, i) => (i === 0 ? NaN : 1)) };
      const problem = balanceProblemSchema.parse({ steps: [good, good] });
      const playSteps = (steps: Steps) => playBalance({ ...problem, steps }, id);
      const answers = playSteps([good, bad, good]);
      const without = playSteps([good, good]);
      expect(answers[1]).toEqual({ weights: null, direction: null, status: "non-finite" });
      expect(answers[2]).toEqual(without[1]);
    });
  }
});

describe("minimum-norm point", () => {
  test.prop([jacobians({ tasks: [1, 10], magnitudes: 8 })], { numRuns: 500 })("meets its optimality conditions", (rows) => {
    const gram = rows.map((row) => rows.map((other) => dot(row, other)));
    const { weights, squaredNorm, converged } = minNormPoint(gram);
    expect(converged).toBe(true);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
    const point = combine(rows, weights);
    const norm = Math.sqrt(dot(point, point));
    const shortest = Math.min(...rows.map((row) => Math.sqrt(dot(row, row))));
    expect(norm).toBeLessThanOrEqual(shortest * (1 + 1e-9));
    rows.forEach((row) => {
      const length = Math.sqrt(dot(row, row));
      // g_i·d ≥ ‖d‖², up to what a Gram matrix in float64 can resolve of terms that cancel.
      expect(dot(row, point)).toBeGreaterThanOrEqual(squaredNorm - 1e-6 * length * Math.max(norm, shortest));
    });
  });

  test("equal rows share their weight", () => {
    expect(minNormPoint([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).weights).toEqual([0.25, 0.25, 0.5]);
  });

  test("opposite rows meet in zero", () => {
    const { weights, squaredNorm } = minNormPoint([[1, -3], [-3, 9]]);
    expect(weights).toEqual([0.75, 0.25]);
    expect(squaredNorm).toBeLessThan(1e-15);
  });

  test.prop([jacobians({ tasks: [2, 6], magnitudes: 1 })])("MGDA with l2 on normalised gradients ignores each task's scale", (jacobian) => {
    const options = { normalize: "l2", applyTo: "normalized" };
    const scaled = jacobian.map((row, i) => row.map((value) => value * (i === 0 ? 1000 : 1)));
    // Unit vectors are combined, so 1 is the size to compare with; near-stationary directions are rounding noise.
    expectVector(play("mgda", scaled, options).direction, play("mgda", jacobian, options).direction ?? [], 1e-6, 1);
  });
});

describe("degenerate pairs, as multiples of g", () => {
  const g = [3, 4];
  const times = (factor: number) => g.map((value) => factor * value);
  const cases: readonly (readonly [string, Rows, { readonly equal: number; readonly mgda: number }])[] = [
    ["(g, 0)", [g, [0, 0]], { equal: 1, mgda: 0 }],
    ["(g)", [g], { equal: 1, mgda: 1 }],
    ["(g, g)", [g, g], { equal: 2, mgda: 1 }],
    ["(g, −g)", [g, times(-1)], { equal: 0, mgda: 0 }],
    ["(g, −3g)", [g, times(-3)], { equal: -2, mgda: 0 }],
    ["all zero", [[0, 0], [0, 0]], { equal: 0, mgda: 0 }],
  ];
  test.each(cases)("%s", (_, rows, expected) => {
    expectVector(play("equal", rows).direction, times(expected.equal));
    expectVector(play("mgda", rows).direction, times(expected.mgda));
    expect(play("mgda", rows).status).toBe(expected.mgda === 0 ? "stationary" : "ok");
  });
});

test("uncertainty: with losses frozen, weights tend to 1 / (2 L)", () => {
  const losses = [2, 0.5, 1.25];
  const problem = balanceProblemSchema.parse({ options: { learningRate: 0.05 }, steps: new Array(3000).fill({ losses }) });
  const last = playBalance(problem, "uncertainty").at(-1);
  expectVector(last?.weights ?? null, losses.map((loss) => 1 / (2 * loss)), 1e-3);
});

test("uncertainty: an absent task keeps its state, and a loss of 0 cannot drive a weight beyond e¹⁰/2", () => {
  const prepared = uncertainty.prepare({ learningRate: 10 }, { tasks: 2, taskWeights: [1, 1], kinds: ["regression", "classification"] });
  let state = prepared.start();
  for (let step = 0; step < 5; step++) state = prepared.weigh({ tasks: [1], losses: [0], step, epoch: 0 }, state).state;
  expect(state["logVariance"]).toEqual([0, -10]);
  expect(state["count"]).toEqual([0, 5]);
});

test("uncertainty by kind: ½ for regression, 1 for classification", () => {
  const prepared = uncertainty.prepare({ form: "by-kind" }, { tasks: 2, taskWeights: [1, 1], kinds: ["regression", "classification"] });
  expect(prepared.weigh({ tasks: [0, 1], losses: [1, 1], step: 0, epoch: 0 }, prepared.start()).weights).toEqual([0.5, 1]);
});

test.prop([jacobians({ tasks: [2, 5] }), fc.double({ min: 0.1, max: 1000, noNaN: true })])("AdaTask ignores the scale of a task's loss", (jacobian, factor) => {
  const optimizer = { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-30 };
  const scaled = jacobian.map((row, i) => row.map((value) => value * (i === 0 ? factor : 1)));
  const direction = (rows: Rows) => playBalance(balanceProblemSchema.parse({ optimizer, steps: [{ jacobian: rows }] }), "adatask")[0]?.direction;
  expectVector(direction(scaled) ?? null, direction(jacobian) ?? [], 1e-7, 1);
});

test("the option scale brings the weights to the sum K or 1", () => {
  const rows = [[3, 0], [0, 1]];
  const sum = (options: object) => (play("mgda", rows, options).weights ?? []).reduce((total, weight) => total + weight, 0);
  expect(sum({ scale: "sum" })).toBeCloseTo(2, 12);
  expect(sum({ scale: "mean" })).toBeCloseTo(1, 12);
});

test("problems that make no sense are refused with what is missing", () => {
  const steps = (step: object) => () => playBalance(balanceProblemSchema.parse({ steps: [step] }), "mgda");
  expect(steps({ losses: [1, 2] })).toThrow('Step 1 has no "jacobian"');
  expect(steps({ jacobian: [[1, 2], [3]] })).toThrow("same length");
  expect(steps({ jacobian: [[1], [3]], losses: [1] })).toThrow("same number of tasks");
  expect(() => playBalance(balanceProblemSchema.parse({ steps: [{ losses: [1] }] }), "mdga")).toThrow('no balancer "mdga"');
});

function play(method: string, jacobian: Rows, options: object = {}): BalanceStep {
  const losses = jacobian.map(() => 1);
  const [step] = playBalance(balanceProblemSchema.parse({ options, steps: [{ jacobian, losses }] }), method);
  if (step === undefined) throw new Error("One step in, one step out.");
  return step;
}

function expectVector(actual: readonly number[] | null, expected: readonly number[], tolerance = 1e-7, least = 1e-300): void {
  const size = Math.max(least, ...expected.map(Math.abs), ...(actual ?? []).map(Math.abs));
  expect(actual).toHaveLength(expected.length);
  actual?.forEach((value, i) => expect(Math.abs(value - (expected[i] ?? NaN)), `entry ${i}`).toBeLessThanOrEqual(tolerance * size));
}

function combine(rows: Rows, weights: readonly number[]): readonly number[] {
  return (rows[0] ?? []).map((_, j) => rows.reduce((sum, row, i) => sum + (weights[i] ?? 0) * (row[j] ?? 0), 0));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

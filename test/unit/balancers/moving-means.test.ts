import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { dbMtl } from "../../../src/balancers/db-mtl.ts";
import { mgda } from "../../../src/balancers/mgda.ts";
import { moco } from "../../../src/balancers/moco.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { combine, Driver, randomSteps, type Given } from "./driver.ts";
import { goldenMatrix, goldenStep, numbers } from "./golden-steps.ts";
import { jacobians } from "./jacobians.ts";

type Rows = readonly (readonly number[])[];

function constant(jacobian: Rows, losses: readonly number[], steps: number): readonly Given[] {
  return randomSteps(0, { tasks: jacobian.length, steps }).map((step) => ({ ...step, jacobian, losses }));
}

function norm(row: ArrayLike<number>): number {
  return Math.hypot(...Array.from(row));
}

describe("moco", () => {
  test.each([1, 2])("moco: golden step %i on A", (count) => {
    const golden = goldenStep(`MoCo_step${count}`, { losses: numbers, y: numbers.array(), lam: numbers, d: numbers });
    const driver = new Driver(moco.prepare({}, contextOf(2)));
    const answers = constant(goldenMatrix("A"), golden.losses, count).map((step) => driver.step(step));
    const { weights = [], rows = [] } = answers.at(-1) ?? {};
    rows.forEach((row, i) => expectClose([...row], golden.y[i] ?? [], 1e-6));
    expectClose(weights, golden.lam, 1e-6);
    expectClose(combine(rows, weights), golden.d, 1e-6);
  });

  test.prop([jacobians({ tasks: [1, 6] }), fc.constantFrom("softmax", "projection"), fc.constantFrom("loss", "none")])(
    "moco: its weights are on the simplex",
    (jacobian, simplex, normalize) => {
      const driver = new Driver(moco.prepare({ simplex, normalize }, contextOf(jacobian.length)));
      const steps = constant(
        jacobian,
        jacobian.map((_, i) => i),
        5,
      );
      for (const step of steps) {
        const { weights } = driver.step(step);
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      }
    },
  );

  test("moco: with constant gradients y tends to h, the unit gradient times the loss", () => {
    const losses = [2, 0.5];
    const driver = new Driver(moco.prepare({}, contextOf(2)));
    const rows =
      constant(goldenMatrix("A"), losses, 3000)
        .map((step) => driver.step(step))
        .at(-1)?.rows ?? [];
    goldenMatrix("A").forEach((row, i) =>
      expectClose(
        [...(rows[i] ?? [])],
        row.map((value) => (value / norm(row)) * (losses[i] ?? 0)),
        // Means of floats: a step of β_t times less than half of the last digit moves them no more.
        1e-6,
      ),
    );
  });

  test("moco: as the paper has it, constant gradients lead to MGDA's weights", () => {
    const options = { normalize: "none", simplex: "projection", sigmaGamma: 0, gamma: 0.01 };
    for (const letter of ["A", "B", "C", "D"]) {
      const jacobian = goldenMatrix(letter);
      const context = contextOf(jacobian.length);
      const steps = constant(
        jacobian,
        jacobian.map(() => 1),
        5000,
      );
      const driver = new Driver(moco.prepare(options, context));
      const [expected] = steps.slice(0, 1).map((step) => new Driver(mgda.prepare({}, context)).step(step));
      expectClose(steps.map((step) => driver.step(step)).at(-1)?.weights ?? [], expected?.weights ?? [], 1e-6);
    }
  });

  test("moco: a task that first has labels late starts as the others did, and the others' mass stays theirs", () => {
    const driver = new Driver(moco.prepare({}, contextOf(3)));
    const steps = randomSteps(8, { tasks: 3, steps: 6, present: (task, step) => task !== 2 || step === 5 });
    for (const step of steps.slice(0, 5)) driver.step(step);
    expect(driver.remembered.state["lambda"]?.[2]).toBe(1 / 3);
    expect(driver.remembered.buffers?.["mean/2"]).toBeUndefined();
    const [last] = steps.slice(5);
    if (last === undefined) throw new Error("unreachable");
    const { rows = [] } = driver.step(last);
    const gradient = last.jacobian[2] ?? [];
    expectClose(
      [...(rows[2] ?? [])],
      gradient.map((value) => (0.5 * value * (last.losses[2] ?? 0)) / norm(gradient)),
      1e-7,
    );
  });

  test("moco: ρ draws the weights together where nothing else does", () => {
    const [step] = constant([[0], [0]], [1, 1], 1);
    if (step === undefined) throw new Error("unreachable");
    const state = { lambda: [0.8, 0.2], count: [0, 0], step: [0] };
    const driver = new Driver(moco.prepare({ simplex: "projection", gamma: 0.5, rho: 1 }, contextOf(2)), { state });
    expectClose(driver.step(step).weights, [0.65, 0.35], 1e-12);
  });

  test("moco: a negative loss counts by its size, and does not turn its gradient", () => {
    const rows = (losses: readonly number[]) =>
      constant(goldenMatrix("A"), losses, 1).map((step) => new Driver(moco.prepare({}, contextOf(2))).step(step).rows);
    expect(rows([-2, 0.5])).toEqual(rows([2, 0.5]));
  });
});

describe("db-mtl", () => {
  test.each([1, 2])("db-mtl: golden step %i on C", (count) => {
    const golden = goldenStep(`DBMTL_step${count}`, { losses: numbers, buffer: numbers.array(), alpha: numbers, d: numbers });
    const driver = new Driver(dbMtl.prepare({}, contextOf(2)));
    const { weights = [], rows = [] } =
      constant(goldenMatrix("C"), golden.losses, count)
        .map((step) => driver.step(step))
        .at(-1) ?? {};
    rows.forEach((row, i) => expectClose([...row], golden.buffer[i] ?? [], 1e-9));
    expectClose(weights, golden.alpha, 1e-9);
    expectClose(combine(rows, weights), golden.d, 1e-9);
  });

  const factors = fc.array(
    fc.double({ min: -3, max: 3, noNaN: true }).map((power) => 10 ** power),
    { minLength: 4, maxLength: 4 },
  );
  test.prop([fc.nat(), factors])("db-mtl: the scale of a loss changes nothing, over a whole run", (seed, scales) => {
    const [plain, scaled] = [0, 1].map(() => new Driver(dbMtl.prepare({}, contextOf(4))));
    for (const step of randomSteps(seed, { tasks: 4, steps: 6 })) {
      const { rows = [], weights = [] } = plain?.step(step) ?? {};
      const other = scaled?.step({
        ...step,
        losses: step.losses.map((loss, i) => loss * (scales[i] ?? 1)),
        jacobian: step.jacobian.map((row, i) => row.map((value) => value * (scales[i] ?? 1))),
      });
      const expected = combine(rows, weights);
      const longest = Math.max(...expected.map(Math.abs));
      // The 1e-8 beside a loss of 1e-4 shows in the fourth digit.
      combine(other?.rows ?? [], other?.weights ?? []).forEach((value, j) =>
        expect(Math.abs(value - (expected[j] ?? NaN))).toBeLessThan(1e-3 * longest),
      );
    }
  });

  test.prop([fc.nat()])("db-mtl: all scaled rows are as long as the longest", (seed) => {
    const driver = new Driver(dbMtl.prepare({}, contextOf(4)));
    for (const step of randomSteps(seed, { tasks: 4, steps: 4 })) {
      const { rows = [], weights } = driver.step(step);
      const longest = Math.max(...rows.map(norm));
      rows.forEach((row, i) => expect((norm(row) * (weights[i] ?? 0)) / longest).toBeCloseTo(1, 6));
    }
  });

  test("db-mtl: β decays with a task's own steps", () => {
    const [first, second] = constant([[4]], [1], 2);
    if (first === undefined || second === undefined) throw new Error("unreachable");
    const driver = new Driver(dbMtl.prepare({ beta: 0.5, sigma: 1 }, contextOf(1)));
    // q₁ = 4 − ½ · 4, and q₂ = 8 + ½ / 2 · (q₁ − 8).
    expectClose([...(driver.step(first).rows?.[0] ?? [])], [2], 1e-7);
    expectClose([...(driver.step({ ...second, jacobian: [[8]] }).rows?.[0] ?? [])], [6.5], 1e-7);
  });

  test("db-mtl: β = 0 with orthogonal gradients has the length √K max ‖h‖", () => {
    const [step] = constant(
      [
        [3, 0, 0],
        [0, 0.5, 0],
        [0, 0, 20],
      ],
      [1, 2, 4],
      1,
    );
    if (step === undefined) throw new Error("unreachable");
    const { rows = [], weights } = new Driver(dbMtl.prepare({ beta: 0 }, contextOf(3))).step(step);
    expect(norm(combine(rows, weights))).toBeCloseTo(Math.sqrt(3) * 5, 6);
  });

  test("db-mtl: with one task it is the moving mean of the logarithm's gradient", () => {
    const [step] = constant([[3, 4]], [2], 1);
    if (step === undefined) throw new Error("unreachable");
    const { rows = [], weights } = new Driver(dbMtl.prepare({ beta: 0 }, contextOf(1))).step(step);
    expectClose(combine(rows, weights), [1.5, 2], 1e-7);
  });

  test("db-mtl: a negative loss is refused with its task's name, a zero row has weight 0", () => {
    const [bad, zero] = [
      constant([[1]], [-1], 1),
      constant(
        [
          [1, 0],
          [0, 0],
        ],
        [1, 1],
        1,
      ),
    ].map(([step]) => step);
    if (bad === undefined || zero === undefined) throw new Error("unreachable");
    expect(() => new Driver(dbMtl.prepare({}, contextOf(1, { names: ["depth"] }))).step(bad)).toThrow('"depth" is -1');
    expect(new Driver(dbMtl.prepare({}, contextOf(2))).step(zero).weights[1]).toBe(0);
  });
});

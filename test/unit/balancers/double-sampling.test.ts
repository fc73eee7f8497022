import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { projectOnSimplex } from "../../../src/balancers/kernels/simplex.ts";
import { mgda } from "../../../src/balancers/mgda.ts";
import { modo } from "../../../src/balancers/modo.ts";
import { sdmgrad } from "../../../src/balancers/sdmgrad.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { dot, Driver, randomSteps, type Given } from "./driver.ts";
import { goldenMatrix, goldenStep, numbers } from "./golden-steps.ts";
import { jacobians } from "./jacobians.ts";

type Rows = readonly (readonly number[])[];

/** The same Jacobian for the step and for both further batches. */
function constant(jacobian: Rows, steps: number): readonly Given[] {
  return randomSteps(0, { tasks: jacobian.length, steps }).map((step) => ({ ...step, jacobian, draws: [jacobian, jacobian] }));
}

function mgdaWeights(jacobian: Rows): readonly number[] {
  const driver = new Driver(mgda.prepare({}, contextOf(jacobian.length)));
  return constant(jacobian, 1).flatMap((step) => driver.step(step).weights);
}

describe("projection on the simplex", () => {
  test("is the golden one", () => {
    const { y, p, y2, p2 } = goldenStep("simplex", { y: numbers, p: numbers, y2: numbers, p2: numbers });
    expectClose(projectOnSimplex(y), p, 1e-10);
    expectClose(projectOnSimplex(y2), p2, 1e-10);
  });

  const points = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 10 });
  test.prop([points, points])("is on it, and no point of it is nearer", (point, other) => {
    const projected = projectOnSimplex(point);
    expect(projected.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    expect(Math.min(...projected)).toBeGreaterThanOrEqual(0);
    // (y − p)·(q − p) ≤ 0 for every q of the simplex: its corners are enough, and any other point.
    const size = Math.max(1, ...point.map(Math.abs));
    const corners = point.map((_, i) => point.map((__, j) => (i === j ? 1 : 0)));
    const away = point.map((value, i) => value - (projected[i] ?? 0));
    const more = other.length === point.length ? [projectOnSimplex(other)] : [];
    for (const q of [...corners, ...more]) {
      const across = q.map((value, i) => value - (projected[i] ?? 0));
      expect(dot(away, across)).toBeLessThanOrEqual(1e-12 * size);
    }
  });
});

describe("modo", () => {
  test.each([
    ["MoDo_A_g.1", 0.1],
    ["MoDo_A_g1e-3", 0.001],
  ])("modo: golden %s", (id, gamma) => {
    const driver = new Driver(modo.prepare({ gamma, rho: 0.1 }, contextOf(2)));
    const [answer] = constant(goldenMatrix("A"), 1).map((step) => driver.step(step));
    expectClose(answer?.weights ?? [], goldenStep(id, { lam: numbers }).lam, 1e-12);
  });

  test("modo: without ρ, constant gradients lead to MGDA's weights", () => {
    for (const letter of ["A", "B", "C", "D"]) {
      const jacobian = goldenMatrix(letter);
      const driver = new Driver(modo.prepare({ gamma: 0.01, rho: 0 }, contextOf(jacobian.length)));
      expectClose(
        constant(jacobian, 3000)
          .map((step) => driver.step(step))
          .at(-1)?.weights ?? [],
        mgdaWeights(jacobian),
        1e-9,
      );
    }
  });

  test("modo: the first further batch gives the rows, the second what they are multiplied with", () => {
    const [step] = constant(
      [
        [1, 0],
        [0, 1],
      ],
      1,
    );
    if (step === undefined) throw new Error("unreachable");
    const driver = new Driver(modo.prepare({ gamma: 0.1, rho: 0 }, contextOf(2)));
    // J₁ J₂ᵀ λ = (1·(2 + 4)/2, 0) = (3, 0); a step of 0.1 along it, and back to a sum of 1.
    const { weights } = driver.step({
      ...step,
      draws: [
        [
          [1, 0],
          [0, 0],
        ],
        [
          [2, 0],
          [4, 0],
        ],
      ],
    });
    expectClose(weights, [0.5 - 0.15, 0.5 + 0.15], 1e-12);
  });

  test("modo: ρ draws the weights together where nothing else does", () => {
    const [step] = constant([[0], [0]], 1);
    if (step === undefined) throw new Error("unreachable");
    const driver = new Driver(modo.prepare({ gamma: 0.5, rho: 1 }, contextOf(2)), { state: { lambda: [0.8, 0.2] } });
    expectClose(driver.step(step).weights, [0.65, 0.35], 1e-12);
  });

  test("modo: an absent task keeps its weight, and the others share theirs", () => {
    const driver = new Driver(modo.prepare({ gamma: 0.01 }, contextOf(3)));
    const all = randomSteps(1, { tasks: 3, steps: 4, present: (task, step) => step < 3 || task !== 1 });
    for (const step of all.slice(0, 3)) driver.step(step);
    const before = driver.remembered.state["lambda"] ?? [];
    const [weights = []] = all.slice(3).map((step) => driver.step(step).weights);
    const after = driver.remembered.state["lambda"] ?? [];
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(after[1]).toBe(before[1]);
    expect(after.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });
});

describe("sdmgrad", () => {
  test.prop([jacobians({ tasks: [1, 6], magnitudes: 8 })])(
    "sdmgrad: a large λ is the mean, and the weights sum to 1 with any",
    (jacobian) => {
      const weights = (lambda: number) =>
        constant(jacobian, 1).flatMap((step) => new Driver(sdmgrad.prepare({ lambda }, contextOf(jacobian.length))).step(step).weights);
      expectClose(
        weights(1e9),
        jacobian.map(() => 1 / jacobian.length),
        1e-8,
      );
      for (const lambda of [0, 0.3, 3]) {
        expect(weights(lambda).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
        expect(Math.min(...weights(lambda))).toBeGreaterThanOrEqual(0);
      }
    },
  );

  test("sdmgrad: λ = 0 with one and the same batch is MGDA, when its steps are small and many", () => {
    for (const letter of ["A", "B", "C", "D", "H"]) {
      const jacobian = goldenMatrix(letter);
      const options = { lambda: 0, learningRate: 0.1, iterations: 5000 };
      const driver = new Driver(sdmgrad.prepare(options, contextOf(jacobian.length)));
      const [answer] = constant(jacobian, 1).map((step) => driver.step(step));
      const [direction, expected] = [answer?.weights ?? [], mgdaWeights(jacobian)].map((weights) =>
        (jacobian[0] ?? []).map((_, j) => jacobian.reduce((sum, row, i) => sum + (weights[i] ?? 0) * (row[j] ?? 0), 0)),
      );
      expectClose(direction ?? [], expected ?? [], 1e-6);
    }
  });

  test("sdmgrad: one step by hand", () => {
    const [step] = constant(
      [
        [1, 0],
        [0, 2],
      ],
      1,
    );
    if (step === undefined) throw new Error("unreachable");
    const driver = new Driver(sdmgrad.prepare({ lambda: 1, learningRate: 0.5, iterations: 1 }, contextOf(2)));
    // M = diag(1, 4) / 1.5², w + λ/K = (1, 1): w = (½ − ½ ⁄ 2.25, ½ − 2 ⁄ 2.25), projected: they differ by 1.5 ⁄ 2.25.
    const w = [0.5 + 1 / 3, 0.5 - 1 / 3];
    expectClose(
      driver.step(step).weights,
      w.map((value) => (value + 0.5) / 2),
      1e-12,
    );
    expectClose(driver.remembered.state["w"] ?? [], w, 1e-12);
  });

  test("sdmgrad: half of a step goes on in the next one", () => {
    const [step] = constant(
      [
        [1, 0],
        [0, 1],
      ],
      1,
    );
    if (step === undefined) throw new Error("unreachable");
    const options = { lambda: 0, learningRate: 0.1, iterations: 2 };
    const driver = new Driver(sdmgrad.prepare(options, contextOf(2)), { state: { w: [0.8, 0.2] } });
    // M is 1: slopes (0.8, 0.2), so w₁ = (0.8 − 0.03, 0.2 + 0.03); then half of those and (0.77, 0.23), which differ by 0.3 + 0.54.
    expectClose(driver.step(step).weights, [0.77 - 0.042, 0.23 + 0.042], 1e-12);
  });

  test("sdmgrad: batches with nothing in common leave the weights", () => {
    const [step] = constant(
      [
        [1, 0],
        [0, 2],
      ],
      1,
    );
    if (step === undefined) throw new Error("unreachable");
    const opposite = step.jacobian.map((row) => row.map((value) => -value));
    const driver = new Driver(sdmgrad.prepare({}, contextOf(2)));
    expect(driver.step({ ...step, draws: [step.jacobian, opposite] }).weights).toEqual([0.5, 0.5]);
  });
});

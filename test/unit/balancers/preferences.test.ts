import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { findBalancer } from "../../../src/balancers/catalogue.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenAnswer, goldenMatrix, matrixLetters } from "./golden-steps.ts";
import { jacobians } from "./jacobians.ts";
import { combine, directionOf, dot, gramOf, inputOf, norm, play, times, weightsOf } from "./playing.ts";

describe("golden answers of libraries that add to the Gram matrix", () => {
  test.each(["upgrad", "dualproj"].flatMap((method) => matrixLetters.map((letter) => [method, letter] as const)))(
    "%s: regularised by 1e-4 on the golden matrix %s",
    (method, letter) => {
      const { w, d } = goldenAnswer(letter, `${method}_mean_reg1e-4`);
      const answer = play(method, goldenMatrix(letter), { regularization: 1e-4 });
      expectClose(weightsOf(answer), w ?? [], 1e-8);
      expectClose(directionOf(answer), d, 1e-8);
    },
  );
});

describe("preference", () => {
  const rows = jacobians({ tasks: [2, 6], magnitudes: 1 });
  const factors = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 6, maxLength: 6 });

  test.prop([rows, factors])(
    "upgrad and dualproj: without conflict it weighs the gradients; with one it is still in the dual cone",
    (jacobian, list) => {
      const preference = list.slice(0, jacobian.length).map((value) => value / 10);
      const positive = jacobian.map((row) => row.map(Math.abs));
      for (const method of ["upgrad", "dualproj"]) {
        expectClose(weightsOf(play(method, positive, { preference })), preference, 1e-9);
        const d = directionOf(play(method, jacobian, { preference }));
        const size = Math.max(...jacobian.map(norm)) * 4;
        for (const row of jacobian) expect(dot(row, d)).toBeGreaterThanOrEqual(-1e-7 * (norm(row) + 1e-3) * (size + 1));
      }
      // Equal factors 1/K are the default.
      const even = jacobian.map(() => 1 / jacobian.length);
      expect(play("dualproj", jacobian, { preference: even })).toEqual(play("dualproj", jacobian));
    },
  );

  test.prop([rows, factors])("dualproj: projects the preferred combination (KKT)", (jacobian, list) => {
    const preference = list.slice(0, jacobian.length).map((value) => value / 10);
    const weights = weightsOf(play("dualproj", jacobian, { preference }));
    const gram = gramOf(jacobian);
    weights.forEach((weight, i) => {
      expect(weight).toBeGreaterThanOrEqual((preference[i] ?? 0) - 1e-12);
      const slack = Math.abs((weight - (preference[i] ?? 0)) * dot(gram[i] ?? [], weights));
      expect(slack).toBeLessThanOrEqual(1e-6 * (1 + Math.max(...gram.map((row, j) => (row[j] ?? 0) * weight * (weights[j] ?? 0)))));
    });
  });

  test("upgrad: is linear in the preference", () => {
    const jacobian = goldenMatrix("H");
    const along = (preference: readonly number[]) => directionOf(play("upgrad", jacobian, { preference }));
    const parts = [along([1, 0, 0, 0]), along([0, 1, 0, 0]), along([0, 0, 1, 0]), along([0, 0, 0, 1])];
    expectClose(along([3, 0.5, 0, 2]), combine(parts, [3, 0.5, 0, 2]), 1e-9);
  });

  test("aligned-mtl: weighs the aligned gradients, so that orthonormal rows are weighed themselves", () => {
    const preference = [3, 0, 1];
    const identity = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ];
    for (const method of ["aligned-mtl", "aligned-mtl-ub"]) {
      expectClose(directionOf(play(method, identity, { preference })), preference, 1e-12);
      expectClose(directionOf(play(method, identity, { preference, reduction: "mean" })), times(preference, 1 / 3), 1e-12);
      const rowsB = goldenMatrix("B");
      // ‖d‖² = σ ‖p‖² at full rank, with σ the least eigenvalue.
      const [plain, preferred] = [directionOf(play(method, rowsB)), directionOf(play(method, rowsB, { preference }))];
      expect(dot(preferred, preferred) / dot(plain, plain)).toBeCloseTo(10 / 3, 6);
    }
  });

  test.prop([factors])("config: cosines are in the proportion of the preference", (list) => {
    const jacobian = goldenMatrix("B");
    const preference = list.slice(0, 3);
    const d = directionOf(play("config", jacobian, { preference }));
    const cosines = jacobian.map((row) => dot(row, d) / norm(row));
    const factor = (cosines[0] ?? NaN) / (preference[0] ?? NaN);
    expectClose(cosines, times(preference, factor), 1e-8);
    expect(factor).toBeGreaterThan(0);
  });

  test.each(["upgrad", "dualproj", "aligned-mtl", "aligned-mtl-ub", "config"])(
    "%s: takes the present tasks' numbers, and refuses a list that does not fit",
    (method) => {
      const balancer = findBalancer(method);
      const jacobian = goldenMatrix("D");
      const prepared = balancer?.prepare({ preference: [9, 2, 5] }, contextOf(3));
      const answer = prepared?.weigh(inputOf(jacobian, [1, 1], [1, 2]), prepared.start());
      expectClose(answer?.weights ?? [], weightsOf(play(method, jacobian, { preference: [2, 5] })), 1e-12);
      const refusal = balancer?.objection({ preference: [1, 2] }, ["a", "b", "c"]);
      expect(refusal?.option).toBe("preference");
      expect(refusal?.message).toContain("2 numbers for 3 tasks");
    },
  );
});

test.each([
  ["mgda-ub", "mgda"],
  ["aligned-mtl-ub", "aligned-mtl"],
])("%s: is %s on the gradients of the representation, with the same options", (bound, method) => {
  const [first, second] = [findBalancer(bound), findBalancer(method)];
  const prepare = (id: string) => findBalancer(id)?.prepare({}, contextOf(2));
  expect([prepare(bound)?.level, prepare(method)?.level]).toEqual(["representation", "parameters"]);
  expect(Object.keys(first?.options.shape ?? {})).toEqual(Object.keys(second?.options.shape ?? {}));
  for (const letter of matrixLetters) expect(play(bound, goldenMatrix(letter))).toEqual(play(method, goldenMatrix(letter)));
});

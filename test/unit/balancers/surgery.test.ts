import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { gradvac } from "../../../src/balancers/gradvac.ts";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import { pcgrad } from "../../../src/balancers/pcgrad.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenAnswer, goldenMatrix, goldenStep, matrixLetters, numbers } from "./golden-steps.ts";
import { jacobians } from "./jacobians.ts";
import { combine, directionOf, dot, inputOf, norm, play, playSteps, times, weightsOf, type Rows } from "./playing.ts";

const fixed = { order: "fixed" };
const rowsOf = (count: number, stream: RandomStream, width = 4): Rows =>
  Array.from({ length: count }, () => Array.from({ length: width }, () => stream.normal()));

describe("pcgrad: golden matrices, in the fixed order and without a task's own row", () => {
  test.each(matrixLetters)("pcgrad: golden matrix %s", (letter) => {
    const { w, d } = goldenAnswer(letter, "pcgrad_sum");
    for (const method of ["pcgrad", "gradvac"]) {
      const answer = play(method, goldenMatrix(letter), fixed);
      expectClose(weightsOf(answer), w ?? [], 1e-9);
      expectClose(directionOf(answer), d, 1e-9);
    }
    // A mean is the sum divided by K.
    expectClose(directionOf(play("pcgrad", goldenMatrix(letter), { ...fixed, reduction: "mean" })), times(d, 1 / (w?.length ?? 1)), 1e-9);
  });
});

describe("gradvac: golden steps, the same Jacobian twice", () => {
  test.each([
    ["A", 1e-8],
    ["D", 1e-9],
  ] as const)("gradvac: golden steps on %s", (letter, tolerance) => {
    const golden = goldenStep(`GradVac_${letter}`, {
      step1_w: numbers,
      rho1: numbers.element,
      step2_w: numbers,
      rho2: numbers.element,
      step2_d: numbers.optional(),
    });
    const rows = goldenMatrix(letter);
    const [first, second] = playSteps("gradvac", [{ jacobian: rows }, { jacobian: rows }], fixed);
    if (first === undefined || second === undefined) throw new Error("Two steps in, two steps out.");
    // The golden numbers were made with 1e-8 added to denominators.
    expectClose(weightsOf(first), golden.step1_w, tolerance);
    expectClose(weightsOf(second), golden.step2_w, tolerance);
    if (golden.step2_d !== undefined) expectClose(directionOf(second), golden.step2_d, tolerance);
    const prepared = gradvac.prepare(fixed, contextOf(2));
    const once = prepared.weigh(inputOf(rows), prepared.start());
    const twice = prepared.weigh(inputOf(rows), once.state);
    expectClose(once.state["cosine"] ?? [], [0, golden.rho1, golden.rho1, 0], tolerance);
    expectClose(twice.state["cosine"] ?? [], [0, golden.rho2, golden.rho2, 0], tolerance);
  });
});

describe("degenerate pairs, as multiples of g", () => {
  const g = [3, 4];
  const zero = [0, 0];
  const cases: readonly (readonly [string, Rows, number])[] = [
    ["(g, 0)", [g, zero], 1],
    ["(0, g)", [zero, g], 1],
    ["(g)", [g], 1],
    ["(g, g)", [g, g], 2],
    ["(g, −g)", [g, times(g, -1)], 0],
    ["(g, −3g)", [g, times(g, -3)], 0],
    ["all zero", [zero, zero], 0],
  ];
  test.each(["pcgrad", "gradvac"].flatMap((method) => cases.map((each) => [method, ...each] as const)))(
    "%s: %s",
    (method, _, rows, factor) => {
      expectClose(directionOf(play(method, rows)), times(g, factor), 1e-9);
    },
  );

  test("gradvac: a zero row, and a gradient of which surgery left nothing, move no cosine", () => {
    const prepared = gradvac.prepare(fixed, contextOf(3));
    const zeroRow = prepared.weigh(inputOf([g, zero, [4, -3]]), prepared.start()).state["cosine"];
    expect(zeroRow).toEqual(new Array<number>(9).fill(0));
    // Task 0 is used up by task 1, so that task 2 has nothing to compare with; task 2 compares with both.
    const opposite = prepared.weigh(inputOf([g, times(g, -2), [4, 3]]), prepared.start()).state["cosine"] ?? [];
    expect([opposite[1], opposite[2]]).toEqual([-0.5, 0]);
    expect(opposite[6]).toBeCloseTo(0.48, 12);
  });
});

describe("laws", () => {
  const any = jacobians({ tasks: [2, 10], magnitudes: 8 });
  const factor = fc.double({ min: -4, max: 4, noNaN: true }).map((power) => 10 ** power);

  test.prop([any])("pcgrad: without a conflict it is the plain sum, and the first step of gradvac too", (jacobian) => {
    const rows = jacobian.map((row) => row.map(Math.abs));
    const sum = combine(
      rows,
      rows.map(() => 1),
    );
    for (const method of ["pcgrad", "gradvac"]) expectRelative(directionOf(play(method, rows)), sum, 1e-12);
  });

  test.prop([any])("gradvac: the first step is PCGrad's in the same order", (jacobian) => {
    expectRelative(directionOf(play("gradvac", jacobian, fixed)), directionOf(play("pcgrad", jacobian, fixed)), 1e-6, longest(jacobian));
  });

  test.prop([jacobians({ tasks: [2, 2], magnitudes: 4 })])(
    "pcgrad: two tasks by the closed form, neither hurt, twice UPGrad",
    (jacobian) => {
      const [a = [], b = []] = jacobian;
      const answer = play("pcgrad", jacobian);
      const product = Math.min(0, dot(a, b));
      const expected = [dot(a, a), dot(b, b)].map((square) => 1 - (square > 0 ? product / square : 0));
      expectRelative(weightsOf(answer), expected, 1e-9);
      const d = directionOf(answer);
      for (const row of jacobian) expect(dot(row, d)).toBeGreaterThanOrEqual(-1e-9 * norm(row) * longest(jacobian));
      expectRelative(d, times(directionOf(play("upgrad", jacobian)), 2), 1e-6, longest(jacobian));
      if (product < 0) {
        // What is left of each gradient is orthogonal to the other.
        const left = combine(jacobian, [1, -product / dot(b, b)]);
        expect(Math.abs(dot(left, b))).toBeLessThanOrEqual(1e-9 * norm(a) * norm(b));
      }
    },
  );

  test.prop([any, factor])("pcgrad and gradvac: a common factor of all gradients is a factor of the direction", (jacobian, s) => {
    const scaled = jacobian.map((row) => times(row, s));
    for (const method of ["pcgrad", "gradvac"])
      expectRelative(
        directionOf(play(method, scaled, fixed)),
        times(directionOf(play(method, jacobian, fixed)), s),
        1e-6,
        s * longest(jacobian),
      );
  });

  test.prop([fc.array(jacobians({ tasks: [3, 3], magnitudes: 8 }), { minLength: 2, maxLength: 6 }), fc.constantFrom("always", "changed")])(
    "gradvac: cosines stay within ±1, directions finite, whatever comes one after the other",
    (steps, update) => {
      const prepared = gradvac.prepare({ update, beta: 1 }, contextOf(3));
      let state = prepared.start();
      for (const rows of steps) {
        const answer = prepared.weigh(inputOf(rows), state);
        state = answer.state;
        expect(answer.weights.every(Number.isFinite)).toBe(true);
        expect(Math.max(...(state["cosine"] ?? []).map(Math.abs))).toBeLessThanOrEqual(1);
      }
    },
  );

  test.prop([fc.double({ min: -0.99, max: 0.99, noNaN: true }), fc.double({ min: 0.05, max: 3.09, noNaN: true })])(
    "gradvac: a changed gradient has exactly the usual cosine with the other one",
    (usual, angle) => {
      fc.pre(Math.cos(angle) < usual - 1e-3);
      const rows = [
        [2, 0],
        [3 * Math.cos(angle), 3 * Math.sin(angle)],
      ];
      const prepared = gradvac.prepare(fixed, contextOf(2));
      const { weights } = prepared.weigh(inputOf(rows), { ...prepared.start(), cosine: [0, usual, -1, 0] });
      // Task 1 is content with any cosine, so all that its weight has beyond 1 was added to task 0's gradient.
      const changed = combine(rows, [1, (weights[1] ?? 0) - 1]);
      expect(dot(changed, rows[1] ?? []) / norm(changed) / 3).toBeCloseTo(usual, 9);
    },
  );
});

describe("order", () => {
  const rows = goldenMatrix("H");

  test("pcgrad and gradvac: seeds draw different orders, the same seed the same", () => {
    for (const method of ["pcgrad", "gradvac"]) {
      const directions = Array.from({ length: 20 }, (_, seed) => playSteps(method, [{ jacobian: rows }], {}, { seed })[0]?.direction);
      expect(new Set(directions.map((d) => JSON.stringify(d))).size).toBeGreaterThan(2);
      expect(playSteps(method, [{ jacobian: rows }], {}, { seed: 3 })[0]?.direction).toEqual(directions[3]);
    }
  });

  test("pcgrad: on average over the draws the order of the tasks does not matter", () => {
    const turned = rows.map((_, i) => rows[(i + 1) % rows.length] ?? []);
    const average = (jacobian: Rows) => {
      const steps = playSteps("pcgrad", new Array(4000).fill({ jacobian }));
      return times(
        steps.reduce<readonly number[]>((sum, step) => directionOf(step).map((value, i) => value + (sum[i] ?? 0)), []),
        1 / steps.length,
      );
    };
    // Standard error: some 0.5 / √4000 for each.
    expectClose(average(turned), average(rows), 0.04);
  });

  test("pcgrad: with three tasks it leaves one hurt in some 7 % of cases; with two in none", () => {
    const stream = RandomStream.seeded(7, "gaussian");
    const hurt = (count: number) =>
      Array.from({ length: 1000 }, () => rowsOf(count, stream)).filter((jacobian) => {
        const d = directionOf(play("pcgrad", jacobian, fixed));
        return jacobian.some((row) => dot(row, d) < -1e-9);
      }).length;
    expect(hurt(3) / 1000).toBeGreaterThan(0.05);
    expect(hurt(3) / 1000).toBeLessThan(0.09);
    expect(hurt(2)).toBe(0);
  });
});

test("gradvac: an absent task keeps its cosines; `update: changed` moves those of changed gradients alone", () => {
  const prepared = gradvac.prepare({}, contextOf(3));
  const { state } = prepared.weigh(
    inputOf(
      [
        [1, 0],
        [1, 1],
      ],
      [1, 1],
      [0, 2],
    ),
    prepared.start(),
  );
  const cosine = state["cosine"] ?? [];
  expect(cosine.map((value) => value !== 0)).toEqual([false, false, true, false, false, false, true, false, false]);
  const changed = gradvac.prepare({ update: "changed" }, contextOf(2));
  const after = (rows: Rows) => changed.weigh(inputOf(rows), changed.start()).state["cosine"];
  expect(
    after([
      [1, 0],
      [1, 1],
    ]),
  ).toEqual([0, 0, 0, 0]);
  expect(
    after([
      [1, 0],
      [-1, 1],
    ])?.[1],
  ).toBeCloseTo(-Math.SQRT1_2 / 2, 12);
});

test("pcgrad and gradvac: two tasks draw nothing, so the stream stays where it was", () => {
  for (const balancer of [pcgrad, gradvac]) {
    const prepared = balancer.prepare({}, contextOf(3));
    const start = prepared.start();
    expect(
      prepared.weigh(
        inputOf([
          [1, 0],
          [-1, 1],
        ]),
        start,
      ).state["random"],
    ).toEqual(start["random"]);
    expect(
      prepared.weigh(
        inputOf([
          [1, 0],
          [-1, 1],
          [0, -1],
        ]),
        start,
      ).state["random"],
    ).not.toEqual(start["random"]);
  }
});

function longest(rows: Rows): number {
  return Math.max(...rows.map(norm));
}

function expectRelative(actual: readonly number[], expected: readonly number[], tolerance: number, least = 1e-300): void {
  const size = Math.max(least, ...expected.map(Math.abs));
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(Math.abs(value - (expected[i] ?? NaN)), `entry ${i}`).toBeLessThanOrEqual(tolerance * size));
}

import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import { projectOnDemands } from "../../../src/balancers/kernels/secondary-demands.ts";
import { pcd } from "../../../src/balancers/pcd.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenMatrix, matrixLetters } from "./golden-steps.ts";
import { jacobians } from "./jacobians.ts";
import { combine, directionOf, dot, gramOf, inputOf, norm, play, playSteps, times, weightsOf, type Rows } from "./playing.ts";

/** No moving average and no ε: unit gradients in each step. */
const plain = { beta: 0, epsilon: 0 };
const share = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000);
const some = jacobians({ tasks: [2, 10], magnitudes: 8 });

describe("laws", () => {
  test.prop([some, share], { numRuns: 400 })(
    "pcd: its direction meets every promise and is nearest to the primary gradient (KKT)",
    (rows, tau) => {
      const answer = play("pcd", rows, { ...plain, tau });
      expect(answer.status).not.toBe("not-converged");
      const [first = []] = rows;
      if (answer.status === "infeasible") {
        expectClose(directionOf(answer), first, 1e-9 * Math.max(1, norm(first)));
        return;
      }
      const d = directionOf(answer);
      expect(norm(d)).toBeCloseTo(answer.status === "stationary" ? 0 : norm(first), 6);
      if (answer.status === "stationary") return;
      const weights = weightsOf(answer);
      const own = norm(first);
      // In unit gradients: d̃ = s (u_1 + Σ λ_j u_j), d = d̃ ‖g_1‖ / ‖d̃‖.
      const factor = ((weights[0] ?? 0) * own) / own;
      rows.slice(1).forEach((row, j) => {
        const length = norm(row);
        expect(weights[j + 1]).toBeGreaterThanOrEqual(0);
        if (length === 0) return;
        const reached = dot(row, d) / length / (factor * own);
        const size = 1 + Math.max(...weights.map((weight, i) => (weight * norm(rows[i] ?? [])) / (factor * own)));
        expect(reached).toBeGreaterThanOrEqual(tau - 1e-6 * size);
        if ((weights[j + 1] ?? 0) * length > 1e-6 * size * factor * own) expect(Math.abs(reached - tau)).toBeLessThan(1e-6 * size);
      });
    },
  );

  test.prop([some])("pcd: with τ = 0 it hurts no task, and follows the primary gradient where that hurts none", (rows) => {
    const [first = []] = rows;
    const d = directionOf(play("pcd", rows, { ...plain, tau: 0 }));
    for (const row of rows) expect(dot(row, d)).toBeGreaterThanOrEqual(-1e-6 * norm(row) * norm(first));
    const friendly = rows.map((row) => row.map(Math.abs));
    expectClose(directionOf(play("pcd", friendly, { ...plain, tau: 0 })), friendly[0] ?? [], 1e-9 * Math.max(1, norm(first)));
  });

  test.prop([
    fc.array(jacobians({ tasks: [3, 3], magnitudes: 1 }), { minLength: 1, maxLength: 5 }),
    fc.double({ min: -6, max: 6, noNaN: true }),
  ])("pcd: a constant factor before a secondary task's loss changes nothing, one before the primary's the length alone", (steps, power) => {
    fc.pre(steps.every((rows) => rows[0]?.length === steps[0]?.[0]?.length));
    const scaled = (task: number) =>
      steps.map((rows) => ({ jacobian: rows.map((row, i) => (i === task ? times(row, 10 ** power) : row)) }));
    const options = { epsilon: 0, beta: 0.9, tau: 0.1 };
    const answers = (list: readonly { readonly jacobian: Rows }[]) => playSteps("pcd", list, options);
    const [usual, secondary, primary] = [answers(scaled(-1)), answers(scaled(1)), answers(scaled(0))];
    usual.forEach((answer, i) => {
      const size = norm(steps[i]?.[0] ?? []) || 1;
      expectClose(times(directionOf(secondary[i] ?? answer), 1 / size), times(directionOf(answer), 1 / size), 1e-5);
      expectClose(times(directionOf(primary[i] ?? answer), 10 ** -power / size), times(directionOf(answer), 1 / size), 1e-5);
    });
  });

  test.prop([jacobians({ tasks: [2, 2], magnitudes: 2 }), share])("pcd: two tasks by the closed form", ([g = [], h = []], tau) => {
    fc.pre(norm(g) > 0 && norm(h) > 0);
    const [u, v] = [times(g, 1 / norm(g)), times(h, 1 / norm(h))];
    const lambda = Math.max(0, tau - dot(u, v));
    const direction = combine([u, v], [1, lambda]);
    fc.pre(norm(direction) > 1e-3);
    const expected = times(direction, norm(g) / norm(direction));
    expectClose(times(directionOf(play("pcd", [g, h], { ...plain, tau })), 1 / norm(g)), times(expected, 1 / norm(g)), 1e-7);
  });

  test.prop([fc.integer({ min: 2, max: 49 }), fc.integer({ min: 1, max: 60 }), share, fc.nat()], { numRuns: 30 })(
    "pcd: the kernel with up to 50 rows is solved or contradictory, and says which",
    (count, width, tau, seed) => {
      const stream = RandomStream.seeded(seed, "rows");
      const rows = Array.from({ length: count + 1 }, () => Array.from({ length: width }, () => stream.normal()));
      const { weights, status } = projectOnDemands(gramOf(rows), new Array<number>(count + 1).fill(tau));
      expect(status).not.toBe("not-converged");
      if (status === "infeasible") {
        expect(weights).toEqual(rows.map((_, i) => (i === 0 ? 1 : 0)));
        return;
      }
      const d = combine(rows, weights);
      for (const row of rows.slice(1)) expect(dot(row, d)).toBeGreaterThanOrEqual(tau * dot(row, row) - 1e-6 * (1 + norm(row) * norm(d)));
    },
  );
});

describe("degenerate", () => {
  const g = [3, 4];
  const zero = [0, 0];
  test.each([
    ["(g, 0)", [g, zero], 1, "ok"],
    ["(0, g): the primary gradient is 0", [zero, g], 0, "stationary"],
    ["(g)", [g], 1, "ok"],
    ["(g, g)", [g, g], 1, "ok"],
    ["(g, −g): τ turns it to the secondary task's side", [g, times(g, -1)], -1, "ok"],
    ["(g, −3g)", [g, times(g, -3)], -1, "ok"],
    ["all zero", [zero, zero], 0, "stationary"],
    ["(g, h, −h): promises against each other", [g, [4, -3], [-4, 3]], 1, "infeasible"],
    ["(g, g, −g)", [g, g, times(g, -1)], 1, "infeasible"],
  ] as const)("pcd: %s", (_, rows, factor, status) => {
    const answer = play("pcd", rows);
    expect(answer.status).toBe(status);
    expectClose(directionOf(answer), times(g, factor), 1e-9);
  });

  test("pcd: without promises opposite gradients leave nothing", () => {
    for (const rows of [
      [g, times(g, -1)],
      [g, g, times(g, -3)],
    ]) {
      expect(play("pcd", rows, { tau: 0 })).toMatchObject({ status: "stationary", direction: [0, 0] });
    }
  });

  test.each(matrixLetters)("pcd: finite and of the primary's length on the golden matrix %s", (letter) => {
    const rows = goldenMatrix(letter);
    const answer = play("pcd", rows);
    expect(answer.status).toBe("ok");
    expect(norm(directionOf(answer))).toBeCloseTo(norm(rows[0] ?? []), 9);
  });
});

describe("options and state", () => {
  const rows: Rows = [
    [1, 0, 0],
    [-1, 1, 0],
    [-1, 0, 2],
  ];

  test("pcd: scales come from the bias-corrected average of the squared norms", () => {
    const options = { beta: 0.5, epsilon: 0.1, tau: 0 };
    const prepared = pcd.prepare(options, contextOf(2));
    const first = prepared.weigh(
      inputOf([
        [2, 0],
        [-1, 1],
      ]),
      prepared.start(),
    );
    expect(first.state).toEqual({ square: [2, 1], count: [1, 1] });
    const second = prepared.weigh(
      inputOf([
        [1, 0],
        [-3, 1],
      ]),
      first.state,
    );
    expect(second.state).toEqual({ square: [1.5, 5.5], count: [2, 2] });
    // v̂ = (1.5, 5.5) / 0.75; d̃ = g̃_1 + λ g̃_2 orthogonal to g̃_2: the scales drop out of its direction.
    const left = [1 - 0.9, 0.3];
    expectClose(
      combine(
        [
          [1, 0],
          [-3, 1],
        ],
        second.weights,
      ),
      times(left, 1 / norm(left)),
      1e-9,
    );
  });

  test("pcd: the first of `order` is primary, and a list of τ follows the order", () => {
    const names = ["a", "b", "c"];
    const turned = [rows[2] ?? [], rows[0] ?? [], rows[1] ?? []];
    const named = playSteps("pcd", [{ jacobian: rows }], { order: ["c"], tau: [0.3, 0.1] }, { tasks: names });
    const moved = playSteps("pcd", [{ jacobian: turned }], { tau: [0.3, 0.1] });
    expectClose(directionOf(named[0] ?? play("pcd", rows)), directionOf(moved[0] ?? play("pcd", rows)), 1e-12);
    const whole = playSteps("pcd", [{ jacobian: rows }], { order: ["c", "b", "a"], tau: [0.1, 0.3] }, { tasks: names });
    expectClose(directionOf(whole[0] ?? play("pcd", rows)), directionOf(moved[0] ?? play("pcd", rows)), 1e-12);
  });

  test("pcd: without its primary task the next one stands in; an absent task's average stays", () => {
    const prepared = pcd.prepare({ order: ["3", "1"], tau: [0.2, 0.4], ...plain }, contextOf(3));
    const present = [rows[0] ?? [], rows[1] ?? []];
    const answer = prepared.weigh(inputOf(present, [1, 1], [0, 1]), prepared.start());
    expect(answer.state).toEqual({ square: [1, 2, 0], count: [1, 1, 0] });
    const two = pcd.prepare({ tau: 0.4, ...plain }, contextOf(2));
    expectClose(answer.weights, two.weigh(inputOf(present), two.start()).weights, 1e-12);
    const alone = prepared.weigh(inputOf([[0, 2, 0]], [1], [1]), prepared.start());
    expectClose(alone.weights, [1], 1e-12);
  });

  test("pcd: an order with a strange name and a list of the wrong length are refused with what would fit", () => {
    const { names } = contextOf(3);
    expect(pcd.objection({ order: ["2", "x"] }, names)).toEqual({
      option: "order",
      message: '"x" is no task, or stands there twice. The tasks are 1, 2, 3.',
    });
    expect(pcd.objection({ order: ["2", "2"] }, names)?.option).toBe("order");
    expect(pcd.objection({ tau: [0.1] }, names)?.option).toBe("tau");
    expect(pcd.objection({ tau: [0.1] }, names)?.message).toContain("2 secondary tasks");
    expect(pcd.objection({ order: ["2", "1"], tau: [0.1, 1] }, names)).toBeUndefined();
    expect(() => pcd.prepare({ tau: 2 }, contextOf(2))).toThrow();
  });
});

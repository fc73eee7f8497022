import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { projectOnDualCone } from "../../../src/balancers/kernels/dual-cone.ts";
import { eigenOf } from "../../../src/balancers/kernels/eigen.ts";
import { minNormPoint } from "../../../src/balancers/kernels/min-norm.ts";
import { minimiseNonNegative } from "../../../src/balancers/kernels/non-negative.ts";
import { solvePositiveDefinite } from "../../../src/balancers/kernels/positive-definite.ts";
import { balancePowers } from "../../../src/balancers/kernels/power-balance.ts";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import { solve } from "../../../src/balancers/kernels/solve.ts";
import { minimiseTradeOff } from "../../../src/balancers/kernels/trade-off.ts";
import { balanceProblemSchema } from "../../../src/balancers/play-problem.ts";
import { playBalance } from "../../../src/balancers/play.ts";
import { combine, dot, gramOf, norm, playSteps, times, type Rows } from "./playing.ts";

/** Up to 50 Gaussian rows, lengths over a few orders, more rows than dimensions or fewer, some of them equal or opposite. */
const many = fc
  .record({
    tasks: fc.integer({ min: 2, max: 50 }),
    width: fc.integer({ min: 1, max: 80 }),
    spread: fc.constantFrom(0, 1, 3),
    odd: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ tasks, width, spread, odd, seed }) => {
    const stream = RandomStream.seeded(seed, "rows");
    const rows: (readonly number[])[] = Array.from({ length: tasks }, () => {
      const scale = Math.exp(spread * stream.normal());
      return Array.from({ length: width }, () => scale * stream.normal());
    });
    if (odd) {
      rows[stream.below(tasks)] = rows[0] ?? [];
      rows[stream.below(tasks)] = times(rows[0] ?? [], -2);
    }
    return rows;
  });
const runs = { numRuns: 60 };

describe("up to 50 tasks", () => {
  test.prop([many], runs)("mgda: the minimum-norm point meets its optimality conditions, from scratch and from a near answer", (rows) => {
    const gram = gramOf(rows);
    const point = minNormPoint(gram);
    const shortest = Math.min(...rows.map(norm));
    // Squares of lengths that differ by more than 1e6 leave float64 too few digits, with opposite rows among them; then it says so.
    if (!point.converged) expect(Math.max(...rows.map(norm)) / shortest).toBeGreaterThan(1e6);
    if (!point.converged) return;
    for (const { weights, squaredNorm } of [
      point,
      minNormPoint(gram, point.weights),
      minNormPoint(
        gram,
        rows.map(() => 1),
      ),
    ]) {
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      const d = combine(rows, weights);
      rows.forEach((row) => expect(dot(row, d)).toBeGreaterThanOrEqual(squaredNorm - 1e-6 * norm(row) * shortest));
      // The products themselves are rounded to 1e-16 of the longest.
      const rounding = 1e-9 * shortest * shortest + 4e-16 * Math.max(...rows.map(norm)) ** 2;
      expect(Math.abs(squaredNorm - point.squaredNorm)).toBeLessThanOrEqual(rounding);
    }
  });

  test.prop([many, fc.nat()], runs)("upgrad, dualproj: non-negative least squares and the dual cone meet theirs", (rows, seed) => {
    const gram = gramOf(rows);
    const stream = RandomStream.seeded(seed, "target");
    const target = rows[0]?.map(() => stream.normal()) ?? [];
    const pull = rows.map((row) => dot(row, target));
    const { weights, converged } = minimiseNonNegative(gram, pull);
    expect(converged).toBe(true);
    const left = target.map((value, i) => value - (combine(rows, weights)[i] ?? 0));
    rows.forEach((row, i) => {
      expect(weights[i]).toBeGreaterThanOrEqual(0);
      const gain = dot(row, left) / norm(row) / norm(target);
      expect(gain).toBeLessThanOrEqual(1e-6);
      if ((weights[i] ?? 0) * norm(row) > 1e-6 * norm(target)) expect(Math.abs(gain)).toBeLessThanOrEqual(1e-6);
    });
    const cone = projectOnDualCone(
      gram,
      rows.map(() => 1 / rows.length),
    );
    expect(cone.converged).toBe(true);
    const d = combine(rows, cone.weights);
    const longest = Math.max(...rows.map(norm));
    rows.forEach((row) => expect(dot(row, d) / norm(row)).toBeGreaterThanOrEqual(-1e-7 * longest));
  });

  test.prop([many, fc.constantFrom(0.5, 1, 2, 5)], runs)(
    "nash-mtl, fairgrad: the power balance is solved, or there is none",
    (rows, alpha) => {
      const gram = gramOf(rows);
      const { weights, status } = balancePowers(gram, alpha);
      if (status === "solved") {
        gram.forEach((row, i) => expect(Math.abs(dot(row, weights) * (weights[i] ?? 0) ** (1 / alpha) - 1)).toBeLessThan(1e-6));
        return;
      }
      // None, or none that can be told: 0 is in the hull of the unit rows, or next to it.
      const unit = rows.map((row) => times(row, 1 / norm(row)));
      expect(minNormPoint(gramOf(unit)).squaredNorm).toBeLessThan(status === "none" ? 1e-6 : 1e-4);
    },
  );

  test.prop([many, fc.constantFrom(0.2, 0.4, 0.9)], runs)("cagrad: the trade-off is solved to 1e-8", (rows, c) => {
    const gram = gramOf(rows);
    const mean = combine(
      rows,
      rows.map(() => 1 / rows.length),
    );
    const kappa = c * norm(mean);
    if (kappa < 1e-9 * Math.max(...rows.map(norm))) return;
    const { weights, norm: length, converged } = minimiseTradeOff(gram, kappa);
    expect(converged).toBe(true);
    if (length === 0) return;
    // Optimal on the simplex: no task's gradient has a smaller product with the derivative g_0 + κ g_w / ‖g_w‖ than the answer has.
    const derivative = mean.map((value, i) => value + (kappa * (combine(rows, weights)[i] ?? 0)) / length);
    const products = rows.map((row) => dot(row, derivative));
    const own = dot(products, weights);
    const size = Math.max(...rows.map(norm)) * norm(derivative);
    expect(Math.min(...products)).toBeGreaterThanOrEqual(own - 1e-7 * size);
  });

  test.prop([many], runs)("aligned-mtl, config, imtl-g: eigenvalues and vectors rebuild the matrix", (rows) => {
    const gram = gramOf(rows);
    const { values, vectors } = eigenOf(gram);
    const largest = values[0] ?? 0;
    gram.forEach((row, i) =>
      row.forEach((value, j) => {
        const rebuilt = values.reduce((sum, lambda, k) => sum + lambda * (vectors[k]?.[i] ?? 0) * (vectors[k]?.[j] ?? 0), 0);
        expect(Math.abs(rebuilt - value)).toBeLessThanOrEqual(1e-11 * largest);
      }),
    );
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    for (const vector of vectors) expect(norm(vector)).toBeCloseTo(1, 10);
  });

  test.prop([many, fc.nat()], runs)("positive definite and general systems are solved", (rows, seed) => {
    const gram = gramOf(rows);
    const mean = gram.reduce((sum, row, i) => sum + (row[i] ?? 0), 0) / gram.length;
    const matrix = gram.map((row, i) => row.map((value, j) => (i === j ? value + mean : value)));
    const stream = RandomStream.seeded(seed, "right");
    const right = rows.map(() => stream.normal());
    for (const x of [solvePositiveDefinite(matrix, right) ?? [], solve(matrix, right)]) {
      matrix.forEach((row, i) => {
        const terms = row.reduce((sum, value, j) => sum + Math.abs(value * (x[j] ?? NaN)), 1);
        expect(Math.abs(dot(row, x) - (right[i] ?? 0))).toBeLessThanOrEqual(1e-10 * terms);
      });
    }
  });

  test("a singular matrix has no Cholesky factor, and a consistent singular system an answer", () => {
    const singular: Rows = [
      [1, 2],
      [2, 4],
    ];
    expect(solvePositiveDefinite(singular, [1, 2])).toBeUndefined();
    const x = solve(singular, [1, 2]);
    expect(singular.map((row) => dot(row, x))).toEqual([1, 2]);
  });
});

test("cagrad: rows a million times longer than the point are no reason to be stationary", () => {
  const [step] = playSteps(
    "cagrad",
    [
      {
        jacobian: [
          [1e6, 0],
          [-1, 0],
        ],
      },
    ],
    { c: 0.5, rescale: "none" },
  );
  expect(step?.status).toBe("ok");
  expect(step?.direction?.[0]).toBeCloseTo(249_999.75, 4);
});

test("fairgrad: values beyond bounds are no proof that there is no solution", () => {
  const [step] = playSteps(
    "fairgrad",
    [
      {
        jacobian: [
          [1e5, 0],
          [-0.9, 0.5],
        ],
      },
    ],
    { alpha: 0.3 },
  );
  expect(step?.direction?.[0]).toBeCloseTo(162.08, 1);
  expect(step?.direction?.[1]).toBeCloseTo(291.74, 1);
});

test("scale: weights of both signs whose sum is next to 0 stay within bounds", () => {
  const [step] = playSteps(
    "aligned-mtl",
    [
      {
        jacobian: [
          [1, 0],
          [-0.999999, 0],
        ],
      },
    ],
    { scale: "sum" },
  );
  expect(Math.max(...(step?.weights ?? []).map(Math.abs))).toBeLessThanOrEqual(2);
});

test("dwa: a loss that came down to 0 counts as 0, a negative one for nothing", () => {
  const weights = (before: number, last: number) =>
    playSteps(
      "dwa",
      [before, last, last].map((loss) => ({ jacobian: [[1], [1]], losses: [loss, 1] })),
    )[2]?.weights ?? [];
  expect(weights(1, 0)[0]).toBeCloseTo((2 * 1) / (1 + Math.exp(0.5)), 9);
  expect(weights(-1, -2)).toEqual([1, 1]);
});

test.each(["db-mtl", "moco", "gradnorm", "imtl", "pareto-mtl", "galw"])(
  "%s: losses that are missing are asked for, not taken for 0",
  (method) => {
    const problem = {
      steps: [
        {
          jacobian: [
            [1, 0],
            [0, 1],
          ],
        },
      ],
    };
    expect(() => playBalance(balanceProblemSchema.parse(problem), method)).toThrow('no "losses"');
  },
);

test("modo: further Jacobians of another width are refused", () => {
  const jacobian = [
    [1, 0],
    [0, 1],
  ];
  const problem = { steps: [{ losses: [1, 1], jacobian, draws: [jacobian, [[1], [0]]] }] };
  expect(() => playBalance(balanceProblemSchema.parse(problem), "modo")).toThrow("same length");
});

test("nash-mtl: weights that are held from a step without a bargain say so again", () => {
  const steps = [
    [
      [1, 0],
      [-1, 0],
    ],
    [
      [1, 0],
      [0, 1],
    ],
  ].map((jacobian) => ({ jacobian }));
  expect(playSteps("nash-mtl", steps, { updateEvery: 2 }).map(({ status }) => status)).toEqual(["stationary", "stationary"]);
});

test.each(["pcgrad", "gradvac", "upgrad", "dualproj", "mgda", "cr-mogm"])(
  "%s: says stationary where the direction comes to 0",
  (method) => {
    for (const jacobian of [
      [
        [3, 4],
        [-3, -4],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]) {
      const [step] = playSteps(method, [{ jacobian }]);
      expect(step?.direction?.map((value) => Math.abs(value) < 1e-12)).toEqual([true, true]);
      expect(step?.status).toBe("stationary");
    }
  },
);

import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { minNormPoint } from "../../../src/balancers/kernels/min-norm.ts";
import { balanceProblemSchema, type BalanceProblem } from "../../../src/balancers/play-problem.ts";
import { playBalance, type BalanceStep } from "../../../src/balancers/play.ts";
import { uncertainty } from "../../../src/balancers/uncertainty.ts";
import { contextOf } from "./context.ts";
import { jacobians } from "./jacobians.ts";

type Rows = readonly (readonly number[])[];
type Steps = BalanceProblem["steps"];

describe("every method", () => {
  for (const { id, properties } of balancerCatalogue) {
    test.prop([jacobians({ tasks: [1, 10], magnitudes: 8 })])(`${id}: finite answer for every finite Jacobian`, (jacobian) => {
      const { weights, direction } = play(id, jacobian);
      expect([...(weights ?? []), ...(direction ?? [])].every(Number.isFinite)).toBe(true);
    });
    // What draws at random for a task's place, or goes through the tasks in order, says so in its properties.
    const orderFree = properties === undefined || properties.orderFree === "yes";
    test.skipIf(!orderFree)(`${id}: permuting tasks permutes nothing else`, () => {
      fc.assert(
        fc.property(jacobians({ tasks: [2, 6], magnitudes: 1 }), fc.integer({ min: 1, max: 5 }), (jacobian, turn) => {
          const turned = jacobian.map((_, i) => jacobian[(i + turn) % jacobian.length] ?? []);
          const longest = Math.max(...jacobian.map((row) => Math.sqrt(dot(row, row))));
          const [one, other] = [play(id, jacobian), play(id, turned)];
          // A solver that says it did not converge gives the best of its way there, and ways differ.
          if ([one, other].some(({ status }) => status === "not-converged")) return;
          expectVector(other.direction, one.direction ?? [], 1e-6, longest);
        }),
      );
    });
    test.prop([jacobians({ tasks: [1, 4] })])(`${id}: a loss that is not finite changes no state and gives no direction`, (jacobian) => {
      const rows = jacobian.map((row) => [...row]);
      const performance = rows.map(() => 0.5);
      const good = { jacobian: rows, losses: rows.map(() => 1), performance, epoch: 0 };
      const bad = { ...good, losses: rows.map((_, i) => (i === 0 ? NaN : 1)) };
      const problem = balanceProblemSchema.parse({ steps: [good, good] });
      const playSteps = (steps: Steps) => playBalance({ ...problem, steps }, id);
      const answers = playSteps([good, bad, { ...good, epoch: 1 }]);
      const without = playSteps([good, { ...good, epoch: 1 }]);
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
    expect(
      minNormPoint([
        [1, 1, 0],
        [1, 1, 0],
        [0, 0, 1],
      ]).weights,
    ).toEqual([0.25, 0.25, 0.5]);
  });

  test("two rows that cancel are found beside one that is shorter by seven orders", () => {
    const rows = [
      [-1.2284190479387296e-5, 0, 0],
      [2.4568380958774593e-5, 0, 0],
      [0, 0, -2.583977977067851e-12],
      [0, -1e-6, 0],
    ];
    const { weights, squaredNorm, converged } = minNormPoint(rows.map((row) => rows.map((other) => dot(row, other))));
    expect(converged).toBe(true);
    expect(squaredNorm).toBeLessThan(1e-30);
    expect(weights[2]).toBe(0);
  });

  test("opposite rows meet in zero", () => {
    const { weights, squaredNorm } = minNormPoint([
      [1, -3],
      [-3, 9],
    ]);
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
  const unit = 1 / 5;
  const times = (factor: number) => g.map((value) => factor * value);
  const pairs = {
    "(g, 0)": [g, [0, 0]],
    "(g)": [g],
    "(g, g)": [g, g],
    "(g, −g)": [g, times(-1)],
    "(g, −3g)": [g, times(-3)],
    "all zero": [
      [0, 0],
      [0, 0],
    ],
  };
  /** n^(−1/3) along the unit vector. */
  const cube = 5 ** (-4 / 3);
  const methods: readonly (readonly [string, object, Readonly<Record<keyof typeof pairs, number>>])[] = [
    ["equal", {}, { "(g, 0)": 1, "(g)": 1, "(g, g)": 2, "(g, −g)": 0, "(g, −3g)": -2, "all zero": 0 }],
    ["mgda", {}, { "(g, 0)": 0, "(g)": 1, "(g, g)": 1, "(g, −g)": 0, "(g, −3g)": 0, "all zero": 0 }],
    ["cagrad", { c: 0.5, rescale: "none" }, { "(g, 0)": 0, "(g)": 1, "(g, g)": 1.5, "(g, −g)": 0, "(g, −3g)": -0.5, "all zero": 0 }],
    ["imtl-g", {}, { "(g, 0)": 0, "(g)": 1, "(g, g)": 1, "(g, −g)": 0, "(g, −3g)": 0, "all zero": 0 }],
    ["imtl-g", { solver: "pinv" }, { "(g, 0)": 1, "(g)": 1, "(g, g)": 1, "(g, −g)": 0, "(g, −3g)": -5, "all zero": 0 }],
    ["nash-mtl", { maxNorm: 0 }, { "(g, 0)": unit, "(g)": unit, "(g, g)": Math.SQRT2 * unit, "(g, −g)": 0, "(g, −3g)": 0, "all zero": 0 }],
    ["fairgrad", {}, { "(g, 0)": cube, "(g)": cube, "(g, g)": 2 ** (1 / 3) * cube, "(g, −g)": 0, "(g, −3g)": 0, "all zero": 0 }],
    ["aligned-mtl", {}, { "(g, 0)": 1, "(g)": 1, "(g, g)": 2, "(g, −g)": 0, "(g, −3g)": -2, "all zero": 0 }],
    ["upgrad", {}, { "(g, 0)": 0.5, "(g)": 1, "(g, g)": 1, "(g, −g)": 0, "(g, −3g)": 0, "all zero": 0 }],
    ["dualproj", {}, { "(g, 0)": 0.5, "(g)": 1, "(g, g)": 1, "(g, −g)": 0, "(g, −3g)": 0, "all zero": 0 }],
    ["config", {}, { "(g, 0)": 1, "(g)": 1, "(g, g)": 2, "(g, −g)": 0, "(g, −3g)": 0, "all zero": 0 }],
  ];
  const cases = methods.flatMap(([method, options, expected]) =>
    Object.entries(pairs).map(([name, rows]) => [method, name, options, rows, expected] as const),
  );
  test.each(cases)("%s %s", (method, name, options, rows, expected) => {
    const factor = Object.entries(expected).find(([pair]) => pair === name)?.[1] ?? NaN;
    expectVector(play(method, rows, options).direction, times(factor), 1e-9, 1);
  });

  test.each(["mgda", "cagrad", "nash-mtl", "fairgrad", "config"])("%s says that opposite gradients are stationary", (method) => {
    expect(play(method, pairs["(g, −g)"]).status).toBe("stationary");
  });
});

describe("laws of single methods", () => {
  const rows = jacobians({ tasks: [2, 6], magnitudes: 1 });
  const some = fc.integer({ min: 2, max: 5 }).chain((tasks) =>
    fc.array(
      fc.array(
        fc.integer({ min: -200, max: 200 }).map((value) => value / 100),
        { minLength: 8, maxLength: 8 },
      ),
      { minLength: tasks, maxLength: tasks },
    ),
  );
  /** Rows far enough from each other's span that every method is well conditioned. */
  const independent = some.filter((jacobian) => smallestAngle(jacobian) > 0.3);

  test.prop([independent])("Nash-MTL: G w = 1/w, and the direction has length √K", (jacobian) => {
    const { weights, direction, status } = play("nash-mtl", jacobian, { maxNorm: 0 });
    expect(status).toBe("ok");
    const d = direction ?? [];
    jacobian.forEach((row, i) => expect(dot(row, d) * (weights?.[i] ?? NaN)).toBeCloseTo(1, 7));
    expect(Math.sqrt(dot(d, d))).toBeCloseTo(Math.sqrt(jacobian.length), 6);
  });

  test.prop([independent, fc.double({ min: -6, max: 6, noNaN: true })])("Nash-MTL and ConFIG ignore a task's scale", (jacobian, power) => {
    const scaled = jacobian.map((row, i) => (i === 0 ? row.map((value) => value * 10 ** power) : row));
    expectVector(play("nash-mtl", scaled).direction, play("nash-mtl", jacobian).direction ?? [], 1e-6);
    const [a, b] = [play("config", scaled).direction ?? [], play("config", jacobian).direction ?? []];
    expect(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).toBeCloseTo(1, 6);
  });

  test.prop([independent, fc.double({ min: 0.2, max: 8, noNaN: true })])(
    "FairGrad: g_i·d = w_i^(−1/α), and α = 1 is Nash-MTL",
    (jacobian, alpha) => {
      const { weights, direction } = play("fairgrad", jacobian, { alpha });
      jacobian.forEach((row, i) => expect(dot(row, direction ?? []) * (weights?.[i] ?? NaN) ** (1 / alpha)).toBeCloseTo(1, 6));
      expectVector(play("fairgrad", jacobian, { alpha: 1 }).direction, play("nash-mtl", jacobian, { maxNorm: 0 }).direction ?? [], 1e-9);
    },
  );

  test.prop([rows, fc.double({ min: 0.05, max: 0.95, noNaN: true })])(
    "CAGrad stays on its ball, and helps the worst-off task no less than the mean",
    (jacobian, c) => {
      const { direction, status } = play("cagrad", jacobian, { c, rescale: "none" });
      if (status === "stationary") return;
      const mean = combine(
        jacobian,
        jacobian.map(() => 1 / jacobian.length),
      );
      const away = (direction ?? []).map((value, i) => value - (mean[i] ?? 0));
      const longest = Math.max(...jacobian.map((row) => Math.sqrt(dot(row, row))));
      expect(Math.sqrt(dot(away, away))).toBeCloseTo(c * Math.sqrt(dot(mean, mean)), 6);
      const worst = (d: readonly number[]) => Math.min(...jacobian.map((row) => dot(row, d)));
      expect(worst(direction ?? [])).toBeGreaterThanOrEqual(worst(mean) - 1e-7 * longest * longest);
    },
  );

  test.prop([independent])("IMTL-G and ConFIG: equal projection on every unit gradient", (jacobian) => {
    for (const method of ["imtl-g", "config"]) {
      const d = play(method, jacobian).direction ?? [];
      const projections = jacobian.map((row) => dot(row, d) / Math.sqrt(dot(row, row)));
      if (method === "imtl-g" && jacobian.length === 2) expect(Math.abs((projections[0] ?? 0) - (projections[1] ?? 0))).toBeLessThan(1e-9);
      expectVector(
        projections,
        projections.map(() => Math.max(...projections)),
        1e-6,
      );
      expect(Math.min(...projections)).toBeGreaterThan(0);
    }
  });

  test.prop([independent])("Aligned-MTL: the direction has the length √(σ K)", (jacobian) => {
    const d = play("aligned-mtl", jacobian, { sigma: "rmse" }).direction ?? [];
    const trace = jacobian.reduce((sum, row) => sum + dot(row, row), 0);
    expect(Math.abs(dot(d, d) / trace - 1)).toBeLessThan(1e-5);
  });

  test.prop([rows])("UPGrad, DualProj and MGDA hurt no task; DualProj is no longer than the mean", (jacobian) => {
    const mean = combine(
      jacobian,
      jacobian.map(() => 1 / jacobian.length),
    );
    for (const method of ["upgrad", "dualproj", "mgda"]) {
      const d = play(method, jacobian).direction ?? [];
      jacobian.forEach((row) =>
        expect(dot(row, d)).toBeGreaterThanOrEqual(
          -1e-7 * Math.sqrt(dot(row, row)) * Math.max(1, ...jacobian.map((other) => Math.sqrt(dot(other, other)))),
        ),
      );
      if (method === "dualproj") expect(dot(d, d)).toBeLessThanOrEqual(dot(mean, mean) * (1 + 1e-9) + 1e-12);
    }
  });

  test.prop([independent, fc.double({ min: 0.01, max: 100, noNaN: true })])(
    "UPGrad is linear in each gradient's scale",
    (jacobian, factor) => {
      const scaled = (by: number) =>
        play(
          "upgrad",
          jacobian.map((row, i) => (i === 0 ? row.map((value) => value * by) : row)),
        ).direction ?? [];
      const [none, one, many] = [scaled(1e-12), scaled(1), scaled(factor)];
      expectVector(
        many,
        none.map((value, i) => value + factor * ((one[i] ?? 0) - value)),
        1e-6,
      );
    },
  );

  test.prop([independent])("without conflict UPGrad and DualProj are the mean", (jacobian) => {
    const positive = jacobian.map((row) => row.map(Math.abs));
    const mean = combine(
      positive,
      positive.map(() => 1 / positive.length),
    );
    expectVector(play("upgrad", positive).direction, mean, 1e-9);
    expectVector(play("dualproj", positive).direction, mean, 1e-9);
  });
});

test("uncertainty: with losses frozen, weights tend to 1 / (2 L)", () => {
  const losses = [2, 0.5, 1.25];
  const problem = balanceProblemSchema.parse({ options: { learningRate: 0.05 }, steps: new Array(3000).fill({ losses }) });
  const last = playBalance(problem, "uncertainty").at(-1);
  expectVector(
    last?.weights ?? null,
    losses.map((loss) => 1 / (2 * loss)),
    1e-3,
  );
});

test("uncertainty: an absent task keeps its state, and a loss of 0 cannot drive a weight beyond e¹⁰/2", () => {
  const prepared = uncertainty.prepare({ learningRate: 10 }, contextOf(2, { kinds: ["regression", "classification"] }));
  let state = prepared.start();
  for (let step = 0; step < 5; step++) state = prepared.weigh({ tasks: [1], losses: [0], step, epoch: 0 }, state).state;
  expect(state["logVariance"]).toEqual([0, -10]);
  expect(state["count"]).toEqual([0, 5]);
});

test("uncertainty by kind: ½ for regression, 1 for classification", () => {
  const prepared = uncertainty.prepare({ form: "by-kind" }, contextOf(2, { kinds: ["regression", "classification"] }));
  expect(prepared.weigh({ tasks: [0, 1], losses: [1, 1], step: 0, epoch: 0 }, prepared.start()).weights).toEqual([0.5, 1]);
});

test.prop([jacobians({ tasks: [2, 5] }), fc.double({ min: 0.1, max: 1000, noNaN: true })])(
  "AdaTask ignores the scale of a task's loss",
  (jacobian, factor) => {
    const optimizer = { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-30 };
    const scaled = jacobian.map((row, i) => row.map((value) => value * (i === 0 ? factor : 1)));
    const direction = (rows: Rows) =>
      playBalance(balanceProblemSchema.parse({ optimizer, steps: [{ jacobian: rows }] }), "adatask")[0]?.direction;
    expectVector(direction(scaled) ?? null, direction(jacobian) ?? [], 1e-7, 1);
  },
);

test("the option scale brings the weights to the sum K or 1", () => {
  const rows = [
    [3, 0],
    [0, 1],
  ];
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
  const performance = jacobian.map(() => 0.5);
  const [step] = playBalance(balanceProblemSchema.parse({ options, steps: [{ jacobian, losses, performance }] }), method);
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

/** Least distance of a row from the span of the others, relative to its length. */
function smallestAngle(rows: Rows): number {
  return Math.min(
    ...rows.map((row, i) => {
      const rest = rows.filter((_, j) => j !== i);
      const basis: number[][] = [];
      const reduce = (vector: readonly number[]) =>
        basis.reduce((left, axis) => left.map((value, k) => value - dot(left, axis) * (axis[k] ?? 0)), [...vector]);
      for (const other of rest) {
        const left = reduce(reduce(other));
        const length = Math.sqrt(dot(left, left));
        if (length > 1e-9) basis.push(left.map((value) => value / length));
      }
      const left = reduce(row);
      return Math.sqrt(dot(left, left) / Math.max(1e-300, dot(row, row)));
    }),
  );
}

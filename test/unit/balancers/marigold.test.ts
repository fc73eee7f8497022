import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { BalancerState, PreparedBalancer } from "../../../src/balancers/balancer.ts";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import { minNormPoint } from "../../../src/balancers/kernels/min-norm.ts";
import { marigold } from "../../../src/balancers/marigold.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { combine, dot } from "./driver.ts";

const dimensions = 6;

/** L(θ) = ½ (θ − a)ᵀ H (θ − a) with a positive definite H. */
interface Quadratic {
  readonly centre: readonly number[];
  readonly hessian: readonly (readonly number[])[];
}

function quadratics(seed: number, tasks: number): readonly Quadratic[] {
  const stream = RandomStream.seeded(seed, "quadratics");
  const normals = () => Array.from({ length: dimensions }, () => stream.normal());
  return Array.from({ length: tasks }, () => {
    const factor = Array.from({ length: dimensions }, normals);
    const hessian = factor.map((row, i) => factor.map((other, j) => dot(row, other) / dimensions + (i === j ? 0.5 : 0)));
    return { centre: normals(), hessian };
  });
}

function gradientAt({ centre, hessian }: Quadratic, point: readonly number[]): number[] {
  const away = point.map((value, i) => value - (centre[i] ?? 0));
  return hessian.map((row) => dot(row, away));
}

function lossAt(quadratic: Quadratic, point: readonly number[]): number {
  return (
    0.5 *
    dot(
      gradientAt(quadratic, point),
      point.map((value, i) => value - (quadratic.centre[i] ?? 0)),
    )
  );
}

interface Stepped {
  readonly state: BalancerState;
  readonly weights: readonly number[];
  readonly direction: readonly number[];
}

/** One step as the trainer makes it: one direction, and looks at θ + o ‖θ‖/‖d‖ d. */
function step(prepared: PreparedBalancer, tasks: readonly Quadratic[], point: readonly number[], state: BalancerState, index = 0): Stepped {
  const moment = { tasks: tasks.map((_, task) => task), step: index, epoch: 0 };
  const losses = tasks.map((task) => lossAt(task, point));
  const answer = prepared.weigh({ ...moment, losses }, state);
  const direction = combine(
    tasks.map((task) => gradientAt(task, point)),
    answer.weights,
  );
  const { look } = prepared;
  const asked = prepared.demand(moment, state).look !== false && look?.kind === "along-direction" ? look.offsets : undefined;
  if (asked === undefined) return { ...answer, direction };
  const distances = asked.map((offset) => (offset * Math.hypot(...point)) / Math.hypot(...direction));
  const looks = distances.map((distance) =>
    tasks.map((task) =>
      lossAt(
        task,
        point.map((value, i) => value + distance * (direction[i] ?? 0)),
      ),
    ),
  );
  return { ...answer, direction, state: prepared.learn({ ...moment, losses, looks, distances }, answer.state) };
}

const point = [1, -0.5, 2, 0.25, -1.5, 0.75];

/** The slopes that the method measured, read from how far its weights moved when no bound of the simplex was met. */
function measured(
  options: object,
  tasks: readonly Quadratic[],
): { readonly slopes: readonly number[]; readonly exact: readonly number[]; readonly stepped: Stepped } {
  const learningRate = 1e-3;
  const prepared = marigold.prepare({ ...options, learningRate }, contextOf(tasks.length));
  const stepped = step(prepared, tasks, point, prepared.start());
  const w = stepped.state["w"] ?? [];
  const exact = tasks.map((task) => dot(gradientAt(task, point), stepped.direction));
  // The projection adds one number to all: the mean of the slopes stays unknown, so it is taken from the exact ones.
  const moved = w.map((weight) => (1 / w.length - weight) / learningRate);
  const mean = exact.reduce((sum, value) => sum + value, 0) / exact.length;
  return { slopes: moved.map((value) => value + mean), exact, stepped };
}

describe("marigold", () => {
  test.prop([fc.nat(), fc.constantFrom(1e-4, 1e-3, 1e-2)])("marigold: the central difference on quadratics is g_j·d", (seed, mu) => {
    const { slopes, exact } = measured({ mu }, quadratics(seed, 3));
    expectClose(slopes, exact, 1e-7);
  });

  test.prop([fc.nat(), fc.constantFrom(1e-3, 1e-2)])("marigold: the forward difference is off by (δ/2) d·H_j d", (seed, mu) => {
    const tasks = quadratics(seed, 3);
    const { slopes, exact, stepped } = measured({ mu, differences: "forward" }, tasks);
    const delta = (mu * Math.hypot(...point)) / Math.hypot(...stepped.direction);
    const errors = tasks.map(
      ({ hessian }) =>
        0.5 *
        delta *
        dot(
          hessian.map((row) => dot(row, stepped.direction)),
          stepped.direction,
        ),
    );
    const mean = errors.reduce((sum, value) => sum + value, 0) / errors.length;
    expectClose(
      slopes,
      exact.map((value, i) => value + (errors[i] ?? 0) - mean),
      1e-7,
    );
  });

  test.each([1, 2, 3, 4, 5])(
    "marigold: where the parameters stand still, its weights reach those of the least norm (quadratics %i)",
    (seed) => {
      const tasks = quadratics(seed, 3);
      const rows = tasks.map((task) => gradientAt(task, point));
      // Steps of gradient descent on ½ wᵀGw converge below 2 / λ_max(G).
      const trace = rows.reduce((sum, row) => sum + dot(row, row), 0);
      const prepared = marigold.prepare({ learningRate: 1 / trace }, contextOf(3));
      let state = prepared.start();
      for (let index = 0; index < 5000; index++) ({ state } = step(prepared, tasks, point, state, index));
      const exact = minNormPoint(rows.map((row) => rows.map((other) => dot(row, other))));
      const reached = combine(rows, prepared.weigh({ tasks: [0, 1, 2], losses: [1, 1, 1], step: 0, epoch: 0 }, state).weights);
      expect(Math.abs(dot(reached, reached) - exact.squaredNorm)).toBeLessThan(8e-13 * trace);
    },
  );

  test.each([1, 2, 3])("marigold: with the parameters it comes to where no direction helps all (quadratics %i)", (seed) => {
    const tasks = quadratics(seed, 3);
    const prepared = marigold.prepare({ learningRate: 0.05 }, contextOf(3));
    let state = prepared.start();
    let at: readonly number[] = point;
    for (let index = 0; index < 5000; index++) {
      const { direction, ...next } = step(prepared, tasks, at, state, index);
      state = next.state;
      at = at.map((value, i) => value - 0.05 * (direction[i] ?? 0));
    }
    const rows = tasks.map((task) => gradientAt(task, at));
    expect(minNormPoint(rows.map((row) => rows.map((other) => dot(row, other)))).squaredNorm).toBeLessThan(1e-6);
  });

  test("marigold: looks once in `updateEvery` steps, on one side or both", () => {
    const tasks = quadratics(1, 3);
    const prepared = marigold.prepare({ updateEvery: 3 }, contextOf(3));
    let state = prepared.start();
    const moved = Array.from({ length: 7 }, (_, index) => {
      const before = state;
      ({ state } = step(prepared, tasks, point, state, index));
      return state !== before;
    });
    expect(moved).toEqual([true, false, false, true, false, false, true]);
    expect(prepared.look).toEqual({ kind: "along-direction", offsets: [1e-3, -1e-3] });
    expect(marigold.prepare({ differences: "forward" }, contextOf(3)).look).toEqual({ kind: "along-direction", offsets: [1e-3] });
  });

  test.each([
    ["a loss that is not finite", [1, NaN], [0.1, -0.1]],
    ["no distance", [1, 2], [0, -0]],
  ])("marigold: %s moves no weight", (_, ahead, distances) => {
    const prepared = marigold.prepare({}, contextOf(2));
    const state = prepared.start();
    const seen = { tasks: [0, 1], step: 0, epoch: 0, losses: [1, 2], looks: [ahead, [1, 2]], distances };
    expect(prepared.learn(seen, state)).toBe(state);
  });
});

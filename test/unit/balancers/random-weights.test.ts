import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import { randomWeights, type WeightDistribution } from "../../../src/balancers/kernels/random-weights.ts";
import { random } from "../../../src/balancers/random.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenStep, numbers } from "./golden-steps.ts";
import { cagradStarts, descend, onFront } from "./toys/two-objectives.ts";

const distributions: readonly WeightDistribution[] = ["normal", "dirichlet", "uniform", "bernoulli", "constrained-bernoulli"];
const anyDistribution = fc.constantFrom(...distributions);

test("random: golden weights of a given draw", () => {
  const { draw, weights } = goldenStep("RLW", { draw: numbers, weights: numbers });
  let drawn = 0;
  const given = { normal: () => draw[drawn++] ?? NaN, uniform: () => NaN, below: () => NaN };
  expectClose(randomWeights("normal", 1, draw.length, given), weights, 1e-9);
});

describe.each(distributions)("random: %s", (distribution) => {
  test("the weights are ≥ 0 and sum to 1, each is 1/K on average", () => {
    const stream = RandomStream.seeded(7, "test");
    const [count, draws] = [4, 100_000];
    const sum = new Array<number>(count).fill(0);
    let squares = 0;
    for (let i = 0; i < draws; i++) {
      const weights = randomWeights(distribution, 1, count, stream);
      expectSimplex(weights);
      weights.forEach((weight, task) => (sum[task] = (sum[task] ?? 0) + weight));
      squares += (weights[0] ?? 0) ** 2;
    }
    const deviation = Math.sqrt((squares / draws - 1 / count ** 2) / draws);
    sum.forEach((total) => expect(Math.abs(total / draws - 1 / count)).toBeLessThan(4 * deviation));
  });

  test("the saved stream goes on where it was, and the same seed draws the same", () => {
    const prepared = random.prepare({ distribution, normalize: "K" }, contextOf(3, { seed: 11 }));
    const step = (state = prepared.start()) => prepared.weigh({ tasks: [0, 1, 2], losses: [1, 1, 1], step: 0, epoch: 0 }, state);
    const first = step();
    const second = step(first.state);
    expect(step()).toEqual(first);
    expect(step(first.state)).toEqual(second);
    expect(second.state).not.toEqual(first.state);
    expect(first.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(3, 12);
  });
});

test("random: with Dirichlet(1) and two tasks, a weight is uniform in [0, 1]", () => {
  const stream = RandomStream.seeded(3, "test");
  const draws = Array.from({ length: 20_000 }, () => randomWeights("dirichlet", 1, 2, stream)[0] ?? NaN).sort((a, b) => a - b);
  const farthest = Math.max(...draws.map((value, i) => Math.abs(value - (i + 0.5) / draws.length)));
  // Kolmogorov's bound at one in a million.
  expect(farthest).toBeLessThan(2.7 / Math.sqrt(draws.length));
});

test("random: Dirichlet's variance is that of its α, above and below 1", () => {
  for (const alpha of [0.3, 2.5]) {
    const stream = RandomStream.seeded(5, "test");
    const draws = Array.from({ length: 50_000 }, () => randomWeights("dirichlet", alpha, 3, stream)[0] ?? NaN);
    const variance = draws.reduce((sum, value) => sum + (value - 1 / 3) ** 2, 0) / draws.length;
    expect(variance).toBeCloseTo(2 / 9 / (3 * alpha + 1), 2);
  }
});

test.prop([anyDistribution, fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 10 }), fc.constantFrom(1e-9, 1e-3, 1, 1000)])(
  "random: every draw is a point of the simplex, however small or large α is; one task has weight 1",
  (distribution, seed, count, alpha) => {
    const weights = randomWeights(distribution, alpha, count, RandomStream.seeded(seed, "test"));
    expectSimplex(weights);
    if (count === 1) expect(weights).toEqual([1]);
  },
);

test.each(cagradStarts.map((start, i) => [start, i === 1] as const))(
  "random: on the two-objective toy from %o it is stuck where equal weights are; reaches the front: %s",
  (start, reaches) => {
    const { position, losses } = descend({ method: "random", start, steps: 100_000 });
    expect(onFront(position)).toBe(reaches);
    const mean = (losses[0] + losses[1]) / 2;
    if (reaches) expect(mean).toBeCloseTo(-15.09, 1);
    else expect(mean).toBeGreaterThan(0);
  },
);

function expectSimplex(weights: readonly number[]): void {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(Math.abs(sum - 1) < 1e-12) || !weights.every((weight) => weight >= 0)) expect(weights).toBe("a point of the simplex");
}

import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { cagradStarts, descend, nashStarts, onFront, twoObjectives } from "./two-objectives.ts";

const coordinate = fc.double({ min: -10, max: 10, noNaN: true });

test.prop([coordinate, coordinate])("two-objective toy: its gradients are what finite differences say", (x1, x2) => {
  const step = 1e-6;
  const kinks = [Math.abs(x2), ...[0.5 * (-x1 - 7) - Math.tanh(-x2), 0.5 * (-x1 + 3) + Math.tanh(-x2) + 2].map(Math.abs)];
  fc.pre(Math.min(...kinks) > 1e-2);
  const { gradients } = twoObjectives([x1, x2]);
  const at = (a: number, b: number) => twoObjectives([a, b]).losses;
  ([0, 1] as const).forEach((task) => {
    const numeric = [at(x1 + step, x2)[task] - at(x1 - step, x2)[task], at(x1, x2 + step)[task] - at(x1, x2 - step)[task]];
    numeric.forEach((difference, i) => expect(gradients[task][i]).toBeCloseTo(difference / (2 * step), 4));
  });
});

test("two-objective toy: the least losses are where the papers' figures have them", () => {
  expect(twoObjectives([7, -8.4345]).losses[0]).toBeCloseTo(-19.98943, 5);
  expect(twoObjectives([-7, -8.4345]).losses[1]).toBeCloseTo(-19.98943, 5);
  const [a, b] = twoObjectives([0, -8.3551]).losses;
  expect((a + b) / 2).toBeCloseTo(-15.09164, 5);
});

/** In the upper valleys the last bit of a number decides the way, so there only "stuck" is a fact. */
describe("equal: the sum of the gradients on the two-objective toy", () => {
  test.each(cagradStarts.map((start, i) => [start, i === 1] as const))("from %o; reaches the front: %s", (start, reaches) => {
    const { position, losses } = descend({ method: "equal", start, steps: 100_000 });
    expect(onFront(position)).toBe(reaches);
    const mean = (losses[0] + losses[1]) / 2;
    if (reaches) expect(mean).toBeCloseTo(-15.0916, 4);
    else expect(mean).toBeGreaterThan(0);
  });

  test.each([1, 3, 4])("with the first loss × 0.1, from start %i it ends at (−0.380, −19.83)", (index) => {
    const { position, losses } = descend({ method: "equal", start: nashStarts[index] ?? [NaN, NaN], steps: 35_000, factors: [0.1, 1] });
    expect(onFront(position)).toBe(true);
    expect(losses[0]).toBeCloseTo(-0.38, 2);
    expect(losses[1]).toBeCloseTo(-19.83, 2);
  });

  test("with the first loss × 0.1, the second loss leads out of the left valley, and none leads out of the right one", () => {
    const [left, , right] = nashStarts.map((start) => descend({ method: "equal", start, steps: 35_000, factors: [0.1, 1] }));
    expect(left?.losses[0]).toBeCloseTo(-0.381, 1);
    expect(left?.losses[1]).toBeLessThan(-19.4);
    expect(right?.losses[0]).toBeCloseTo(0.733, 2);
    expect(right?.losses[1]).toBeGreaterThan(0);
  });
});

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { columnMeans } from "../../../src/analysis/column-means.ts";
import { smooth } from "../../../src/analysis/smoothing.ts";

const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 60 });
const strength = fc.double({ min: 0.01, max: 0.99, noNaN: true });

function evenly(count: number, gap = 1): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => (i + 1) * gap);
}

describe("smooth", () => {
  test.prop([fc.double({ min: -1e3, max: 1e3, noNaN: true }), strength, fc.integer({ min: 1, max: 50 })])(
    "leaves a constant as it is from its first point on",
    (constant, alpha, count) => {
      for (const value of smooth(evenly(count), new Float64Array(count).fill(constant), alpha, 3)) expect(value).toBeCloseTo(constant, 6);
    },
  );

  test.prop([values, strength])("stays between the least and the greatest value", (list, alpha) => {
    const smoothed = smooth(evenly(list.length), Float64Array.from(list), alpha, 2);
    for (const value of smoothed) {
      expect(value).toBeGreaterThanOrEqual(Math.min(...list) - 1e-6);
      expect(value).toBeLessThanOrEqual(Math.max(...list) + 1e-6);
    }
  });

  test.prop([values, strength, fc.integer({ min: 2, max: 100 })])("depends on spacing over unit only", (list, alpha, factor) => {
    const near = smooth(evenly(list.length), Float64Array.from(list), alpha, 5);
    const far = smooth(evenly(list.length, factor), Float64Array.from(list), alpha, 5 * factor);
    near.forEach((value, i) => expect(far[i]).toBeCloseTo(value, 6));
  });

  it("is the textbook bias-corrected mean for points one unit apart", () => {
    expect([...smooth(evenly(3), Float64Array.of(1, 0, 0), 0.5, 1)].map((v) => v.toFixed(4))).toEqual(["1.0000", "0.3333", "0.1429"]);
  });

  it("keeps a gap where a value is not finite, and goes on after it", () => {
    const smoothed = smooth(evenly(4), Float64Array.of(2, Number.NaN, Infinity, 2), 0.9, 1);
    expect([...smoothed]).toEqual([2, Number.NaN, Infinity, 2]);
  });

  it("gives the recorded values themselves when it is off", () => {
    const recorded = Float64Array.of(1, 5, 2);
    expect(smooth(evenly(3), recorded, 0, 1)).toBe(recorded);
  });
});

describe("columnMeans", () => {
  it("takes the mean in a column, and the last value where a column has no point", () => {
    const means = columnMeans(Float64Array.of(1, 2, 9), Float64Array.of(10, 20, 40), [0, 10], 5);
    expect([...means]).toEqual([10, 20, 20, 20, 40]);
  });

  it("leaves columns before the first and after the last point unknown", () => {
    const means = columnMeans(Float64Array.of(4), Float64Array.of(7), [0, 10], 5);
    expect([...means]).toEqual([Number.NaN, Number.NaN, 7, Number.NaN, Number.NaN]);
  });

  it("carries a value from before the span into it", () => {
    const means = columnMeans(Float64Array.of(1, 11), Float64Array.of(3, 5), [6, 12], 3);
    expect([...means]).toEqual([3, 3, 5]);
    expect([...columnMeans(Float64Array.of(1, 7), Float64Array.of(3, 9), [6, 12], 3)]).toEqual([9, Number.NaN, Number.NaN]);
  });

  test.prop([values, fc.integer({ min: 1, max: 40 })])("stays within what was recorded", (list, columns) => {
    const known = [...columnMeans(evenly(list.length), Float64Array.from(list), [0, list.length], columns)].filter(Number.isFinite);
    for (const mean of known) {
      expect(mean).toBeGreaterThanOrEqual(Math.min(...list) - 1e-9);
      expect(mean).toBeLessThanOrEqual(Math.max(...list) + 1e-9);
    }
  });
});

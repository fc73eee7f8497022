import { expect } from "vitest";

/** Relative to the greatest expected value, at least 1: golden numbers carry nine decimals. */
export function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const size = Math.max(1, ...expected.map(Math.abs));
  actual.forEach((value, i) =>
    expect(Math.abs(value - (expected[i] ?? NaN)), `entry ${i} of ${actual.join(", ")}`).toBeLessThanOrEqual(tolerance * size),
  );
}

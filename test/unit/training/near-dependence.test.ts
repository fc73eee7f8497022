import { expect, test } from "vitest";
import { areApart } from "../../../src/training/gradients/near-dependence.ts";

const gramOf = (rows: readonly (readonly number[])[]): number[][] =>
  rows.map((a) => rows.map((b) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)));

test("gradients are apart unless one is nearly a combination of the others, whatever their lengths", () => {
  expect(areApart(gramOf([[1, 0], [0, 1e-6]]))).toBe(true); // prettier-ignore
  expect(areApart(gramOf([[1, 0], [1e6, 4e5]]))).toBe(true); // prettier-ignore
  expect(areApart(gramOf([[1, 0], [1e6, 5e4]]))).toBe(false); // prettier-ignore
  expect(areApart(gramOf([[1, 0, 0], [0, 1, 0], [1, 1, 1e-3]]))).toBe(false); // prettier-ignore
  expect(areApart(gramOf([[1, 0, 0], [0, 1, 0], [-1, -1, 1]]))).toBe(true); // prettier-ignore
  expect(areApart([[0, 0], [0, 1]])).toBe(false); // prettier-ignore
});

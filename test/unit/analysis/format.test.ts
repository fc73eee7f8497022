import { expect, test } from "vitest";
import { formatDuration, formatNumber, formatQuantity, formatShare } from "../../../src/analysis/format.ts";
import { ownerOf } from "../../../src/analysis/ownership.ts";

test("numbers: narrow spaces from five digits on, a real minus, never minus zero", () => {
  expect(formatNumber(1234)).toBe("1234");
  expect(formatNumber(-1234567.5, 1)).toBe("−1\u202f234\u202f567.5");
  expect(formatNumber(-0.04, 1)).toBe("0.0");
  expect(formatNumber(NaN)).toBe("not a number");
  expect(formatNumber(-Infinity)).toBe("−∞");
});

test("quantities keep three digits", () => {
  expect([0.06312, 12.41, 1234.4, 0, 1.234e-7, -0.5].map(formatQuantity)).toEqual(["0.0631", "12.4", "1234", "0", "1.2e−7", "−0.500"]);
});

test("shares and durations carry their unit", () => {
  expect(formatShare(0.963, 1)).toBe("96.3\u202f%");
  expect([9.4, 93, 7500].map(formatDuration)).toEqual(["9\u202fs", "1\u202fmin 33\u202fs", "2\u202fh 5\u202fmin"]);
});

test("the owner is the largest share; strength runs from even to whole", () => {
  expect(ownerOf([0.5, 0.5])).toEqual({ task: 0, share: 0.5, strength: 0 });
  expect(ownerOf([0.25, 0.75])).toEqual({ task: 1, share: 0.75, strength: 0.5 });
  expect(ownerOf([1])).toEqual({ task: 0, share: 1, strength: 1 });
  expect(ownerOf([0.5, NaN])).toBeUndefined();
  expect(ownerOf([])).toBeUndefined();
});

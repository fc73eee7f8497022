import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { breaks, drawnAt, line, points, spread } from "../../../webview-ui/charts/model.ts";
import { boundsWithoutOutliers } from "../../../webview-ui/charts/outliers.ts";
import { axisMark, written } from "../../../webview-ui/format.ts";

function curve(steps: readonly number[], values: readonly number[]) {
  return { steps: Float64Array.from(steps), values: Float64Array.from(values), reduced: false };
}

describe("spread", () => {
  test.prop([fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 14 })])(
    "keeps labels apart, in order, and inside",
    (wanted) => {
      const placed = spread(wanted, 13, 0, 200);
      const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
      order.forEach((i, rank) => {
        const y = placed[i] ?? Number.NaN;
        expect(y).toBeGreaterThanOrEqual(-1e-9);
        expect(y).toBeLessThanOrEqual(200 + 1e-9);
        const before = order[rank - 1];
        if (before !== undefined) expect(y - (placed[before] ?? Number.NaN)).toBeGreaterThanOrEqual(13 - 1e-9);
      });
    },
  );

  it("does not move what is apart already", () => {
    expect(spread([100, 20, 60], 13, 0, 200)).toEqual([100, 20, 60]);
  });

  it("moves two that touch by the same", () => {
    expect(spread([50, 54], 13, 0, 200)).toEqual([45.5, 58.5]);
  });
});

describe("points", () => {
  it("makes gaps of what is not finite, and on a log axis of what is not positive", () => {
    const { steps, values } = curve([1, 2, 3, 4], [1, Infinity, Number.NaN, -1]);
    expect(points(steps, values, 1, false).map(({ y }) => y)).toEqual([1, Number.NaN, Number.NaN, -1]);
    expect(points(steps, values, 1, true).map(({ y }) => y)).toEqual([1, Number.NaN, Number.NaN, Number.NaN]);
  });

  it("brings steps to epochs", () => {
    expect(points(Float64Array.of(94), Float64Array.of(1), 94, false)[0]?.x).toBe(1);
  });
});

describe("outliers", () => {
  const wave = (change: Readonly<Record<number, number>> = {}) =>
    curve(
      Array.from({ length: 200 }, (_, i) => i),
      Array.from({ length: 200 }, (_, i) => change[i] ?? 2 + Math.sin(i)),
    );
  const whole = { min: 0, max: 200 };

  it("are none where all values are alike, few, or the same", () => {
    expect(boundsWithoutOutliers([{ curve: wave() }], whole, false)).toEqual([null, null]);
    expect(boundsWithoutOutliers([{ curve: curve([1, 2, 3], [1, 1, 900]) }], whole, false)).toEqual([null, null]);
    const flat = curve(
      Array.from({ length: 50 }, (_, i) => i),
      Array.from({ length: 50 }, () => 7),
    );
    expect(boundsWithoutOutliers([{ curve: flat }], whole, false)).toEqual([null, null]);
  });

  it("are cut off, on the side where they are and within the span shown, and everything else stays", () => {
    const [low, high] = boundsWithoutOutliers([{ curve: wave({ 50: 1e6, 51: Number.NaN, 52: Infinity }) }], whole, false);
    expect(low).toBeNull();
    expect(high).toBeGreaterThan(3);
    expect(high).toBeLessThan(10);
    expect(boundsWithoutOutliers([{ curve: wave({ 50: 1e6 }) }], { min: 60, max: 200 }, false)).toEqual([null, null]);
  });

  it("on a log axis are what is many times as small or large", () => {
    expect(boundsWithoutOutliers([{ curve: wave({ 50: 12 }) }], whole, true)[1]).toBeNull();
    expect(boundsWithoutOutliers([{ curve: wave({ 50: 4000, 51: 0 }) }], whole, true)[1]).toBeLessThan(400);
  });
});

describe("a line", () => {
  const drawn = line({ name: "loss/left", label: "left", task: 0 }, curve([10, 20, 30], [3, Number.NaN, 1]), 0, 1);

  it("reads the value at or before a step, and the last one without a step", () => {
    expect(drawnAt(drawn, 5)).toBeNull();
    expect(drawnAt(drawn, 10)).toBe(3);
    expect(drawnAt(drawn, 1000)).toBe(1);
    expect(drawnAt(drawn, null)).toBe(1);
  });

  it("tells where a value was not finite", () => {
    expect(breaks([drawn])).toEqual([20]);
  });
});

describe("numbers", () => {
  it.each([
    [0.5, 0.2, "percent", "50"],
    [0.001, 0.0002, "quantity", "1e−3"],
    [0.0002, 0.0002, "quantity", "2e−4"],
    [0, 0.0002, "quantity", "0"],
    [-0.2, 0.2, "two", "−0.2"],
    [60, 20, "one", "60"],
    [250_000, 50_000, "quantity", "2.5e5"],
  ] as const)("an axis marks %d, spaced %d, as %s", (value, spacing, style, text) => {
    expect(axisMark(value, spacing, style)).toBe(text);
  });

  it("writes a dash for what is not known", () => {
    expect(written(null, "percent")).toBe("–");
    expect(written(0.9634, "percent")).toBe("96.3");
  });
});

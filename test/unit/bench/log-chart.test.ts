import { describe, expect, test } from "vitest";
import { logChart } from "../../../scripts/performance/log-chart.ts";

const chart = (points: readonly { readonly x: number; readonly y: number }[], name = "native") =>
  logChart({ title: "Speed", xLabel: "tasks", yLabel: "steps per second", lines: [{ name, points }] });

const coordinates = (svg: string): number[][] =>
  (/<polyline points="([^"]+)"/.exec(svg)?.[1] ?? "").split(" ").map((point) => point.split(",").map(Number));

describe("a chart with logarithmic axes", () => {
  test("draws equal factors as equal distances, whatever order the points have", () => {
    const [first = [], second = [], third = []] = coordinates(chart([{ x: 100, y: 4 }, { x: 1, y: 64 }, { x: 10, y: 16 }])); // prettier-ignore
    expect((second[0] ?? 0) - (first[0] ?? 0)).toBeCloseTo((third[0] ?? 0) - (second[0] ?? 0), 0);
    expect((second[1] ?? 0) - (first[1] ?? 0)).toBeCloseTo((third[1] ?? 0) - (second[1] ?? 0), 0);
    // Slower is lower.
    expect(second[1]).toBeGreaterThan(first[1] ?? 0);
  });

  test("has a dashed line where growth would be linear: it meets a line that is", () => {
    const svg = chart([{ x: 1, y: 100 }, { x: 10, y: 10 }]); // prettier-ignore
    const [, end = []] = coordinates(svg);
    const dashed = /class="linear"[^>]*x2="([^"]+)" y2="([^"]+)"/.exec(svg);
    expect([Number(dashed?.[1]), Number(dashed?.[2])]).toEqual(end);
  });

  test("names its axes and lines, as text and not as markup, and can be read in light and dark", () => {
    const svg = chart([{ x: 1, y: 100 }, { x: 1e7, y: 10 }], "a < b & c"); // prettier-ignore
    for (const text of ["Speed", "tasks", "steps per second", "a &lt; b &amp; c", "linear", "10 M"]) expect(svg).toContain(`>${text}</`);
    expect(svg).toContain("prefers-color-scheme:dark");
  });

  test.each([{ points: [] }, { points: [{ x: 0, y: 1 }] }, { points: [{ x: 1, y: Number.NaN }] }])("refuses $points", ({ points }) => {
    expect(() => chart(points)).toThrow(RangeError);
  });
});

import { describe, expect, test } from "vitest";
import { seriesIn, type GrowthLine } from "../../bench/growth/series.ts";
import { parseSize, problemOf, sizeName, sizes, widthOf } from "../../bench/growth/sizes.ts";
import { growth } from "../../bench/growth/verdict.ts";

describe("growth between neighbours", () => {
  test("is linear where the time grows as the size does", () => {
    const [only] = growth([
      { size: 10, secondsPerStep: 0.1 },
      { size: 20, secondsPerStep: 0.2 },
    ]);
    expect(only).toMatchObject({ from: 10, to: 20, isWorseThanLinear: false });
    expect(only?.exponent).toBeCloseTo(1);
    expect(only?.overLinear).toBeCloseTo(1);
  });

  test("is worse than linear from a tenth more on, and told where", () => {
    const told = growth([
      { size: 5, secondsPerStep: 1 },
      { size: 50, secondsPerStep: 13 },
      { size: 2, secondsPerStep: 0.5 },
    ]);
    expect(told.map(({ from, isWorseThanLinear }) => [from, isWorseThanLinear])).toEqual([
      [2, false],
      [5, true],
    ]);
  });

  test("of the same size twice cannot be told", () => {
    const point = { size: 5, secondsPerStep: 1 };
    expect(() => growth([point, point])).toThrow(RangeError);
  });
});

test("a series has a point for each size, of the fastest run of all rounds", () => {
  const line = (size: number, runs: readonly number[]): GrowthLine => ({
    ...{ axis: "tasks", size, problem: "", threads: 1, engine: "taskscope wasm", method: "equal", batch: 256, tasks: size, parameters: 9 },
    ...{ steps_per_s: runs[0] ?? 0, runs, cpu_per_wall: [1], peak_rss_mib: 1, tensors: [1, 1], last_losses: [], loadavg1: 0 },
    parts: { data: 0, gradients: 1, balancing: 0, combination: 0, optimizer: 0, checks: 0, collector: 0, rest: 0 },
  });
  const lines = [line(5, [2, 4]), line(2, [10, 8]), line(5, [1, 5]), line(2, [9, 7])];
  const [series, ...others] = seriesIn(lines);
  expect(others).toEqual([]);
  expect(series?.points).toEqual([
    { size: 2, secondsPerStep: 0.1 },
    { size: 5, secondsPerStep: 0.2 },
  ]);
});

test.each(sizes.map(sizeName))("%s is the size of its network", (name) => {
  const size = parseSize(name);
  const { tasks, inputShape } = problemOf(size);
  const width = widthOf(size);
  const parameters = ((inputShape[0] ?? 0) + 1) * width + (width + 1) * width + (width + 1) * tasks;
  if (size.axis === "tasks") expect(tasks).toBe(size.size);
  else expect(Math.abs(parameters / size.size - 1)).toBeLessThan(0.02);
});

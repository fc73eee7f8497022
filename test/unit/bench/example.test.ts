import { describe, expect, test } from "vitest";
import { compare, comparisonText, spreadOf, type ExampleRun } from "../../bench/example/comparison.ts";

const run = (which: ExampleRun["which"], seed: number, seconds: number, left: number): ExampleRun => ({
  ...{ which, seed, seconds, accuracy: { left }, loadavg1: 0 },
});

describe("a comparison of two checkouts", () => {
  test("tells the ratio of the times, and the accuracies with their distance in standard errors", () => {
    const runs = [run("before", 1, 30, 0.92), run("after", 0, 10, 0.9), run("before", 0, 20, 0.9), run("after", 1, 15, 0.94)];
    const { seeds, before, after, speedUp, standardErrors } = compare(runs);
    expect(seeds).toEqual([0, 1]);
    expect([before.seconds.mean, after.seconds.mean, speedUp]).toEqual([25, 12.5, 2]);
    // Means 0.91 and 0.92; the variances of the samples are 0.0002 and 0.0008, and of the difference their half.
    expect(standardErrors?.["left"]).toBeCloseTo(0.01 / Math.sqrt(0.001 / 2));
    expect(comparisonText(compare(runs))).toContain("2.00 times as fast");
  });

  test("says nothing of the spread of one seed", () => {
    const one = compare([run("before", 3, 20, 0.9), run("after", 3, 10, 0.8)]);
    expect(one.standardErrors).toBeUndefined();
    expect(comparisonText(one)).not.toMatch(/±|NaN/);
  });

  test("is refused where the seeds differ", () => {
    expect(() => compare([run("before", 1, 20, 0.9), run("after", 2, 10, 0.9)])).toThrow("the same seeds");
  });
});

test("a spread is that of the sample", () => {
  expect(spreadOf([1, 3])).toEqual({ mean: 2, deviation: Math.SQRT2 });
  expect(() => spreadOf([])).toThrow(RangeError);
});

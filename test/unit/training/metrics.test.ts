import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { metricNames } from "../../../src/experiment/metrics.ts";
import { taskKinds } from "../../../src/experiment/task-kinds.ts";
import { score } from "../../../src/training/best.ts";
import type { TaskTargets } from "../../../src/training/data/dataset.ts";
import { describeTask, TaskMetrics } from "../../../src/training/metrics/metrics.ts";

const kind: TaskTargets = { id: "kind", kind: "classification", classes: ["a", "b", "c"], shape: [], numbers: [] };
const mass: TaskTargets = { id: "mass", kind: "regression", classes: [], shape: [], numbers: [{ mean: 4200, deviation: 800 }] };

function measured(
  task: TaskTargets,
  output: readonly number[],
  truth: readonly number[],
  present: readonly number[] = truth.map(() => 1),
): TaskMetrics {
  const metrics = new TaskMetrics(
    task,
    metricNames.filter((name) => taskKinds[task.kind].metrics.includes(name)),
    truth.length,
  );
  metrics.add(Float32Array.from(output), Float32Array.from(truth), Uint8Array.from(present));
  return metrics;
}

describe("classification", () => {
  // Answers: a a b c, truth: a b b b.
  const logits = [3, 1, 0, 2, 1, 0, 0, 5, 1, 0, 1, 2];
  test("accuracy is the share of right answers", () => {
    expect(measured(kind, logits, [0, 1, 1, 1]).value("accuracy")).toBe(0.5);
  });
  test("f1 is the mean over the classes that occur", () => {
    // a: 2·1 ⁄ (1+2), b: 2·1 ⁄ (3+1), c: 0
    expect(measured(kind, logits, [0, 1, 1, 1]).value("f1")).toBeCloseTo((2 / 3 + 0.5 + 0) / 3, 12);
    // Class c neither occurs nor is answered: it does not count.
    expect(measured(kind, [1, 0, 0, 0, 1, 0], [0, 1]).value("f1")).toBe(1);
  });
  test("rows without a label do not count", () => {
    expect(measured(kind, logits, [0, 1, 1, 1], [1, 0, 1, 0]).value("accuracy")).toBe(1);
    expect(measured(kind, logits, [0, 1, 1, 1], [0, 0, 0, 0]).value("accuracy")).toBeNaN();
  });
});

describe("regression is measured in the column's own unit", () => {
  // Errors of 80, −160 and 0 units.
  const metrics = measured(mass, [0.1, 0.8, -1], [0, 1, -1]);
  test("rmse and mae", () => {
    expect(metrics.value("rmse")).toBeCloseTo(Math.sqrt((6400 + 25600) / 3), 2);
    expect(metrics.value("mae")).toBeCloseTo(80, 3);
  });
  test("r2 compares with always answering the mean", () => {
    expect(metrics.value("r2")).toBeCloseTo(1 - (0.01 + 0.04) / 2, 6);
    expect(measured(mass, [0, 0, 0], [1, -1, 0]).value("r2")).toBeCloseTo(0, 12);
    expect(measured(mass, [0, 1], [1, 1]).value("r2")).toBeNaN();
  });
});

const rows = fc.array(fc.tuple(fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true }), fc.boolean()), {
  minLength: 4,
  maxLength: 30,
});
test.prop([rows, fc.nat(3)])("adding rows in two parts gives the same as adding them at once", (all, cut) => {
  const truth = Float32Array.from(all, ([, y]) => y);
  const present = Uint8Array.from(all, ([, , here]) => (here ? 1 : 0));
  const parts = new TaskMetrics(mass, ["rmse", "r2"]);
  const indices = [...truth.keys()];
  for (const part of [indices.slice(0, cut), indices.slice(cut)])
    parts.add(
      Float32Array.from(part, (i) => all[i]?.[0] ?? 0),
      Float32Array.from(part, (i) => truth[i] ?? 0),
      Uint8Array.from(part, (i) => present[i] ?? 0),
    );
  const whole = measured(
    mass,
    all.map(([x]) => x),
    [...truth],
    [...present],
  );
  expect(parts.value("rmse")).toEqual(whole.value("rmse"));
  expect(parts.value("r2")).toEqual(whole.value("r2"));
});

describe("the best checkpoint", () => {
  const tasks = [describeTask(kind, { kind: "classification" }), describeTask(mass, { kind: "regression" })];
  test("is chosen by the mean headline, errors in units of the training targets' spread", () => {
    expect(score({ kind: { accuracy: 0.9 }, mass: { rmse: 200 } }, tasks, [kind, mass])).toBeCloseTo((0.9 + 0.75) / 2, 12);
  });
  test("one hopeless task does not decide alone", () => {
    const better = score({ kind: { accuracy: 0.9 }, mass: { rmse: 9e14 } }, tasks, [kind, mass]) ?? NaN;
    const worse = score({ kind: { accuracy: 0.5 }, mass: { rmse: 8e14 } }, tasks, [kind, mass]) ?? NaN;
    expect(better).toBeGreaterThan(worse);
    expect(better).toBeCloseTo((0.9 - 1) / 2, 12);
  });
  test("leaves out what could not be measured", () => {
    expect(score({ kind: { accuracy: 0.9 }, mass: {} }, tasks, [kind, mass])).toBe(0.9);
    expect(score({ kind: {}, mass: { rmse: Number.POSITIVE_INFINITY } }, tasks, [kind, mass])).toBeUndefined();
  });
});

test("a task that names no metrics is shown by accuracy, or by rmse", () => {
  expect(describeTask(kind, { kind: "classification" }).headlineMetric).toBe("accuracy");
  expect(describeTask(mass, { kind: "regression" }).metrics).toEqual([
    { name: "rmse", better: "lower", unit: "plain" },
    { name: "r2", better: "higher", unit: "plain" },
  ]);
  expect(describeTask(mass, { kind: "regression", metrics: ["mae", "r2"] }).headlineMetric).toBe("mae");
});

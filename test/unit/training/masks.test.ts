import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import type { Control } from "../../../src/training/recorder.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticTraining, type SyntheticDataset } from "./synthetic.ts";

const folder = mkdtempSync(join(tmpdir(), "taskscope-masks-"));
beforeAll(async () => {
  await startBackend("wasm");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Two epochs of three steps. `before` is asked before each step. */
async function trained(
  dataset: SyntheticDataset,
  { before = () => undefined, ...changes }: { before?: (step: number) => void; [key: string]: unknown } = {},
) {
  const training = syntheticTraining({ training: { epochs: 3, batchSize: 16, seed: 1, backend: "wasm" }, ...changes }, dataset);
  const recorder = new ListRecorder();
  const control: Control = {
    ...neverStop,
    stopRequested: () => {
      before(recorder.steps);
      return false;
    },
  };
  const { kind, result } = await new TrainingLoop(training, recorder, control, new CheckpointKeeper(folder, recorder)).run();
  training.model.dispose();
  const stepsOf = (series: string): readonly number[] => (recorder.points.get(series) ?? []).map(({ step }) => step);
  return { kind, result, recorder, stepsOf };
}

/** Says whether the rows of a split have a label for a task. */
function label(dataset: SyntheticDataset, split: "train" | "validation" | "test", task: number, present: 0 | 1): void {
  dataset.splits[split].values.present[task]?.fill(present);
}

describe.each(["equal", "mgda", "adatask", "dwa", "famo"])("with %s", (balancer) => {
  test("a task that is absent for a whole epoch leaves a gap there, and comes back", async () => {
    const dataset = syntheticDataset({ rows: 48 });
    const { kind, recorder, stepsOf, result } = await trained(dataset, {
      balancer,
      before: (step) => {
        label(dataset, "train", 1, step >= 3 && step < 6 ? 0 : 1);
      },
    });
    expect(kind).toBe("completed");
    for (const series of ["loss/size", "weight/size"]) expect(stepsOf(series)).toEqual([1, 2, 3, 7, 8, 9]);
    expect(stepsOf("loss/kind")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(stepsOf("metric/train/size/rmse")).toEqual([3, 9]);
    expect(stepsOf("metric/train/kind/accuracy")).toEqual([3, 6, 9]);
    // It is validated all the same: its labels there are as good as ever.
    expect(stepsOf("metric/validation/size/rmse")).toEqual([3, 6, 9]);
    expect(stepsOf("validation-loss/size")).toEqual([3, 6, 9]);
    const values = [...recorder.points.values()].flat().flatMap((point) => point.values);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(recorder.events.filter(({ kind: what }) => what !== "best" && what !== "checkpoint")).toEqual([]);
    expect(result.bestStep).not.toBeNull();
  });

  test("an epoch without any label trains nothing, is measured, and is no fault", async () => {
    const dataset = syntheticDataset({ rows: 48 });
    const { kind, recorder, stepsOf } = await trained(dataset, {
      balancer,
      before: (step) => {
        for (const task of [0, 1]) label(dataset, "train", task, step >= 3 && step < 6 ? 0 : 1);
      },
    });
    expect(kind).toBe("completed");
    expect(stepsOf("direction-norm")).toEqual([1, 2, 3, 7, 8, 9]);
    const validated = recorder.points.get("validation-loss/kind")?.map(({ values }) => values[0]);
    expect(validated?.[1]).toBe(validated?.[0]);
    expect(recorder.steps).toBe(9);
    expect(recorder.events.filter(({ kind: what }) => what === "non-finite")).toEqual([]);
  });
});

test("a task without a label in the validation has no say in what is best, and no metrics there", async () => {
  const dataset = syntheticDataset({ rows: 48 });
  label(dataset, "validation", 1, 0);
  const { result, recorder, stepsOf } = await trained(dataset);
  expect(stepsOf("metric/validation/size/rmse")).toEqual([]);
  expect(stepsOf("validation-loss/size")).toEqual([]);
  const accuracies = recorder.points.get("metric/validation/kind/accuracy")?.map(({ values }) => values[0] ?? Number.NaN) ?? [];
  const best = Math.max(...accuracies);
  expect(result.bestStep).toBe(3 * (accuracies.indexOf(best) + 1));
  expect(result.metrics.validation).toMatchObject({ kind: { accuracy: best }, size: {} });
  expect(result.metrics.test?.["size"]?.["rmse"]).toBeGreaterThan(0);
});

test("without any label in the validation nothing is the best, and the last weights are tested", async () => {
  const dataset = syntheticDataset({ rows: 48 });
  for (const task of [0, 1]) label(dataset, "validation", task, 0);
  const { kind, result } = await trained(dataset);
  expect([kind, result.bestStep, result.metrics.validation]).toEqual(["completed", null, undefined]);
  expect(result.metrics.test?.["kind"]?.["accuracy"]).toBeGreaterThan(0);
});

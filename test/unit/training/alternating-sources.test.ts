import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SourceSchedule } from "../../../src/experiment/data/source-schedule.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { readCheckpoint, writeCheckpoint } from "../../../src/training/checkpoint.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import { isTracked } from "../../../src/training/tracked-steps.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { captureState, restoreState } from "../../../src/training/training-state.ts";
import type { Training } from "../../../src/training/training.ts";
import { ListRecorder, neverStop, syntheticTraining } from "./synthetic.ts";
import { twoSources } from "./two-sources.ts";

const folder = mkdtempSync(join(tmpdir(), "taskscope-sources-"));
beforeAll(async () => {
  await startBackend("wasm");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const alternate: SourceSchedule = { batches: "alternate", order: "round-robin", shares: "equal", temperature: 2 };
const byChance: SourceSchedule = { ...alternate, order: "random", shares: "rows" };
const mixed: SourceSchedule = { batches: "mixed", shares: "rows", temperature: 2 };
const changes = { training: { epochs: 20, batchSize: 16, seed: 1, backend: "wasm" }, optimizer: { adam: { learningRate: 0.01 } } };

async function trained(training: Training) {
  const recorder = new ListRecorder();
  const { result } = await new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder)).run();
  training.model.dispose();
  const stepsOf = (series: string): readonly number[] => (recorder.points.get(series) ?? []).map(({ step }) => step);
  return { recorder, result, stepsOf };
}

/** Loss weights, a Gram method, accumulators of each task, the history of the losses. */
describe.each(["equal", "mgda", "adatask", "dwa"])("%s", (balancer) => {
  test.each([
    ["in turns", alternate, 8],
    ["by chance", byChance, 7],
  ])("trains on two sources, a batch of one each, %s", async (_, schedule, stepsPerEpoch) => {
    const { recorder, result, stepsOf } = await trained(syntheticTraining({ ...changes, balancer }, twoSources(schedule)));
    const [kind, size] = [stepsOf("loss/kind"), stepsOf("loss/size")];
    expect([...kind, ...size].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 * stepsPerEpoch }, (__, step) => step + 1));
    expect([stepsOf("weight/kind"), stepsOf("weight/size")]).toEqual([kind, size]);
    expect(recorder.last("loss/kind")).toBeLessThan(0.7);
    expect(recorder.last("loss/size")).toBeLessThan(0.6);
    for (const split of ["validation", "test"] as const) {
      expect(result.metrics[split]?.["kind"]?.["accuracy"]).toBeGreaterThan(0.6);
      expect(result.metrics[split]?.["size"]?.["rmse"]).toBeLessThan(20);
    }
    // Each is seen in its own steps, also where ownership is measured.
    expect(stepsOf("gradient-norm/size").length).toBeGreaterThan(10);
    const { kind: owned = 0, size: other = 0 } = result.dominance.trunk;
    expect(Math.min(owned, other)).toBeGreaterThan(0.1);
    expect(recorder.events.filter(({ kind: what }) => what === "warning" || what === "non-finite")).toEqual([]);
  });

  test.each([
    ["mixed", mixed],
    ["alternating", alternate],
    ["alternating by chance", byChance],
  ])("goes on in the middle of an epoch of %s sources as if it had never stopped", async (_, schedule) => {
    const [whole, first, second] = [0, 1, 2].map(() => syntheticTraining({ ...changes, balancer }, twoSources(schedule)));
    if (whole === undefined || first === undefined || second === undefined) throw new Error("unreachable");
    const run = async (training: Training, from: number, to: number): Promise<void> => {
      const recorder = new ListRecorder();
      const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder), from);
      for (let step = from; step < to; step++) await loop.step();
    };
    await run(whole, 0, 23);
    await run(first, 0, 11);
    await restoreState(second, readCheckpoint(writeCheckpoint(folder, captureState(first, 11))));
    await run(second, 11, 23);
    expect(captureState(second, 23)).toEqual(captureState(whole, 23));
    for (const training of [whole, first, second]) training.model.dispose();
  });
});

test("methods that draw further batches draw them from the source of the step", async () => {
  const { stepsOf } = await trained(syntheticTraining({ ...changes, balancer: "modo" }, twoSources(byChance)));
  // In a step whose further batches were of the other task nothing would be trained.
  expect(stepsOf("direction-norm")).toHaveLength(20 * 7);
});

describe("tracked steps", () => {
  const tracked = (steps: number, every: number, takesTurns: boolean): number[] =>
    Array.from({ length: steps }, (_, step) => step).filter((step) => isTracked(step, every, takesTurns));

  test("are one in each window, and the same for all where nothing takes turns", () => {
    expect(tracked(40, 10, false)).toEqual([0, 10, 20, 30]);
    expect(tracked(40, 10, true)).toEqual([0, 16, 22, 38]);
    for (const every of [1, 2, 3, 10]) {
      const windows = tracked(600, every, true).map((step) => Math.floor(step / every));
      expect(windows).toEqual(Array.from({ length: 600 / every }, (_, window) => window));
    }
  });

  test.each([2, 3, 4, 5, 7, 10, 11])("meet each of %i sources about as often", (sources) => {
    for (const every of [1, 2, 5, 10]) {
      const met = Array.from(
        { length: sources },
        (_, source) => tracked(6000, every, true).filter((step) => step % sources === source).length,
      );
      expect(Math.min(...met) / Math.max(...met)).toBeGreaterThan(0.8);
    }
  });
});

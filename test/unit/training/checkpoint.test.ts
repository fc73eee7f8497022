import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkpointPath, pruneCheckpoints, readCheckpoint, writeCheckpoint, type Checkpoint } from "../../../src/training/checkpoint.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import { TrainingError } from "../../../src/training/training-error.ts";
import { ListRecorder } from "./synthetic.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-checkpoint-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const checkpoint: Checkpoint = {
  step: 12,
  values: { phase: 0, streams: { batches: [1, -2, 3, 4] }, best: null },
  arrays: new Map<string, Float32Array | Float64Array | Uint32Array>([
    ["weight/a.kernel", Float32Array.of(1.5, -0, Number.MIN_VALUE)],
    ["balancer/s", Float64Array.of(Math.PI, Number.NaN, Number.NEGATIVE_INFINITY)],
    ["order", Uint32Array.of(4_294_967_295, 0)],
    ["empty", new Float32Array()],
  ]),
};

test("what is written is read back, bit for bit", () => {
  const path = writeCheckpoint(folder, checkpoint);
  expect(path).toBe(checkpointPath(folder, 12));
  expect(readCheckpoint(path)).toEqual(checkpoint);
  writeCheckpoint(folder, { ...checkpoint, values: { other: true } });
  expect(readCheckpoint(path).values).toEqual({ other: true });
  expect(readdirSync(folder)).toEqual(["step-12"]);
});

test("a damaged or foreign folder is refused in plain words", () => {
  const path = writeCheckpoint(folder, checkpoint);
  truncateSync(join(path, "arrays.bin"), 8);
  expect(() => readCheckpoint(path)).toThrow(TrainingError);
  expect(() => readCheckpoint(join(folder, "step-99"))).toThrow(/step-99 cannot be read/);
  writeFileSync(join(path, "state.json"), '{"format": 2}');
  expect(() => readCheckpoint(path)).toThrow(TrainingError);
});

test("pruning keeps the given steps, and leaves alone what is no checkpoint", () => {
  for (const step of [1, 2, 3]) writeCheckpoint(folder, { ...checkpoint, step });
  writeFileSync(join(folder, "note.txt"), "mine");
  pruneCheckpoints(folder, [3, 1]);
  expect(readdirSync(folder).toSorted()).toEqual(["note.txt", "step-1", "step-3"]);
});

test("what a process left half-written is removed when the next begins; the first checkpoint is due at once", () => {
  mkdirSync(join(folder, "step-7.writing"));
  writeCheckpoint(folder, { ...checkpoint, step: 5 });
  const keeper = new CheckpointKeeper(folder, new ListRecorder(), undefined, 5);
  expect(readdirSync(folder)).toEqual(["step-5"]);
  expect(keeper.due).toBe(false);
  const first = new CheckpointKeeper(folder, new ListRecorder());
  expect(first.due).toBe(true);
  first.write(checkpoint);
  expect(first.due).toBe(false);
});

test("a checkpoint that cannot be written leaves nothing behind", () => {
  const unwritable: Checkpoint = { ...checkpoint, values: { endless: 1n } };
  expect(() => writeCheckpoint(folder, unwritable)).toThrow(TypeError);
  expect(readdirSync(folder)).toEqual([]);
});

test("the last and the best stay until two more are written: a run that is killed in between can go on from them", () => {
  const recorder = new ListRecorder();
  const keeper = new CheckpointKeeper(folder, recorder);
  const write = (step: number): string[] => {
    keeper.write({ ...checkpoint, step });
    return readdirSync(folder).toSorted();
  };
  keeper.offerBest({ ...checkpoint, step: 1 });
  expect(write(2)).toEqual(["step-1", "step-2"]);
  keeper.offerBest({ ...checkpoint, step: 3 });
  expect(write(4)).toEqual(["step-1", "step-2", "step-3", "step-4"]);
  expect(write(5)).toEqual(["step-3", "step-4", "step-5"]);
  const resumed = new CheckpointKeeper(folder, recorder, { ...checkpoint, step: 3 }, 4);
  resumed.write({ ...checkpoint, step: 6 });
  expect(readdirSync(folder).toSorted()).toEqual(["step-3", "step-4", "step-6"]);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { checkpointPath, readCheckpoint, type Checkpoint } from "../../../src/training/checkpoint.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import type { Control, Recorder } from "../../../src/training/recorder.ts";
import type { Training } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import type { BackendName } from "../backends.ts";
import { neverStop, syntheticTraining } from "./synthetic.ts";

/** Trainings that are gone after each test, with the folder of their checkpoints. */
export interface TemporaryTrainings {
  readonly folder: string;
  readonly open: (...parts: Parameters<typeof syntheticTraining>) => Training;
  /** Goes on from step `from`. */
  readonly loop: (training: Training, recorder: Recorder, control?: Control, from?: number) => TrainingLoop;
  /** What a loop kept at that step. */
  readonly checkpoint: (step: number) => Checkpoint;
}

/** For the tests of the file or of the `describe` that calls it, with this backend started. */
export function temporaryTrainings(backend: BackendName = "wasm"): TemporaryTrainings {
  let folder = "";
  const opened: Training[] = [];
  beforeAll(async () => {
    await startBackend(backend);
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "taskscope-training-"));
  });
  afterEach(() => {
    for (const { model } of opened.splice(0)) model.dispose();
    rmSync(folder, { recursive: true });
  });
  return {
    get folder() {
      return folder;
    },
    open: (...parts) => {
      const training = syntheticTraining(...parts);
      opened.push(training);
      return training;
    },
    loop: (training, recorder, control = neverStop, from = 0) =>
      new TrainingLoop(training, recorder, control, new CheckpointKeeper(folder, recorder), from),
    checkpoint: (step) => readCheckpoint(checkpointPath(folder, step)),
  };
}

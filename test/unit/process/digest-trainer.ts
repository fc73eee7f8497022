// Trains a problem of the benchmark on the native backend and prints a digest of all parameters:
// `node digest-trainer.ts A:mgda:native:2 [plain]`. A process of its own, for TensorFlow makes its threads once.
import { createHash } from "node:crypto";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import { buildModel } from "../../../src/training/model/build.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import type { Recorder } from "../../../src/training/recorder.ts";
import { prepareTraining } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { parseCase } from "../../bench/engine/case.ts";
import { problemDataset, problemExperiment, problems } from "../../bench/engine/problems.ts";

const steps = 12;
const { problem: name, method, backend, threads } = parseCase(process.argv[2] ?? "");
const compile = process.argv[3] !== "plain";
await startBackend(backend, { threads, compile });
const problem = problems[name];
const experiment = problemExperiment(problem, method, compile);
const dataset = problemDataset(problem);
const streams = new RandomStreams(1);
const model = buildModel(experiment, dataset, streams);
const training = prepareTraining({ experiment, dataset, model, streams, backend });
const nothing = (): undefined => undefined;
const notes: string[] = [];
const recorder: Recorder = {
  ...{ describe: nothing, resume: nothing, scalar: nothing, vector: nothing, snapshot: nothing, progress: nothing },
  event: ({ message }) => notes.push(message),
};
const control = { stopRequested: () => false, takeCheckpointRequest: () => false };
const loop = new TrainingLoop(training, recorder, control, new CheckpointKeeper("unused", recorder));
for (let step = 0; step < steps; step++) await loop.step();
const digest = createHash("sha256");
for (const { values } of training.everything) digest.update(Uint8Array.from(new Uint8Array(values.buffer)));
console.log(JSON.stringify({ digest: digest.digest("hex"), notes }));

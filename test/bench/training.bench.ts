/**
 * Steps per second of both examples, and what recording costs: `node test/bench/training.bench.ts [seconds per case]`.
 * JSON on stdout, a table on stderr. With recording, gradients and ownership are measured every 10 steps as in the examples,
 * and everything goes through the trainer's second thread to a store on the disk; without, nothing is measured or kept.
 * Both take turns, slice by slice. Their cost is compared in processor time of the whole process, the store's thread included,
 * up to where all of a slice is on the disk; a busy machine disturbs that least. Steps per second are those of the fastest tenth
 * of the recorded blocks by the clock.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseExperiment } from "../../src/experiment/parse.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { identityOf } from "../../src/runs/process/process-identity.ts";
import { RunReader } from "../../src/runs/store/run-reader.ts";
import { Recording } from "../../src/trainer/recording.ts";
import { startBackend } from "../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../src/training/checkpoint-keeper.ts";
import { loadData } from "../../src/training/data/load.ts";
import { buildModel } from "../../src/training/model/build.ts";
import { RandomStreams } from "../../src/training/random-streams.ts";
import type { Recorder } from "../../src/training/recorder.ts";
import { prepareTraining } from "../../src/training/training.ts";
import { TrainingLoop } from "../../src/training/training-loop.ts";
import { TemporaryWorkspace } from "../unit/runs/temporary-run.ts";

const seconds = Number(process.argv.find((argument) => /^[\d.]+$/.test(argument)) ?? 5);
const blockSteps = 10;
const sliceMs = 500;
const warmUpSlices = 3;
/** Between two looks at whether all of a slice is on the disk. */
const lookEveryMs = 20;

interface Result {
  readonly example: string;
  readonly balancer: string;
  readonly batchSize: number;
  readonly stepsPerSecond: number;
  /** Processor time of a step with recording ⁄ without − 1, in per cent. */
  readonly recordingCostPercent: number;
}

/** Takes everything and keeps nothing. */
const sink: Recorder = {
  describe: () => undefined,
  resume: () => undefined,
  scalar: () => undefined,
  vector: () => undefined,
  snapshot: () => undefined,
  event: () => undefined,
  progress: () => undefined,
};

const examples = join(import.meta.dirname, "../../examples");
await startBackend("wasm");
const results: Result[] = [];
for (const [example, balancer] of [
  ["penguins", "equal"],
  ["multi-mnist", "equal"],
  ["multi-mnist", "mgda"],
  ["multi-mnist", "adatask"],
] as const) {
  results.push(await measure(example, balancer));
}
process.stderr.write("example      balancer  batch  steps/s  cost of recording\n");
for (const { example, balancer, batchSize, stepsPerSecond, recordingCostPercent } of results) {
  process.stderr.write(
    `${example.padEnd(12)} ${balancer.padEnd(9)} ${String(batchSize).padStart(5)}  ${stepsPerSecond.toFixed(1).padStart(7)}  ${recordingCostPercent.toFixed(1).padStart(5)} %\n`,
  );
}
process.stdout.write(`${JSON.stringify({ benchmark: "training", seconds, results })}\n`);

async function measure(example: string, balancer: string): Promise<Result> {
  const file = join(examples, `${example}.mtl.yaml`);
  const { experiment } = parseExperiment(readFileSync(file, "utf8"));
  if (experiment === undefined) throw new Error(`${file} has errors.`);
  const base: Experiment = { ...experiment, balancer };
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const recording = await startRecording(folder);
  const recorded = await loopOf({ ...base, track: { ...base.track, every: blockSteps } }, dirname(file), recording);
  const plain = await loopOf({ ...base, track: { ...base.track, every: 1_000_000 } }, dirname(file), sink);
  using reader = RunReader.open(folder);
  const allRecorded = async (steps: number): Promise<void> => {
    while (reader.row().step < steps) await setTimeout(lookEveryMs);
  };
  const slices: { readonly recorded: Slice; readonly plain: Slice }[] = [];
  let steps = 0;
  const recordedSlice = (): Promise<Slice> =>
    timeSlice(recorded, async (done) => {
      steps += done;
      await allRecorded(steps);
    });
  const plainSlice = (): Promise<Slice> => timeSlice(plain, () => Promise.resolve());
  // The first slices compile and fill caches; compiling threads count too.
  for (let warm = 0; warm < warmUpSlices; warm++) {
    await recordedSlice();
    await plainSlice();
  }
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) slices.push({ recorded: await recordedSlice(), plain: await plainSlice() });
  await recording.end({ status: "completed", reason: null, result: null });
  return {
    example,
    balancer,
    batchSize: base.training.batchSize,
    stepsPerSecond: (1000 * blockSteps) / fastTenth(slices.flatMap((each) => each.recorded.clocks)),
    recordingCostPercent: 100 * (perStep(slices.map((each) => each.recorded)) / perStep(slices.map((each) => each.plain)) - 1),
  };
}

async function startRecording(folder: string): Promise<Recording> {
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new Error("This process has no identity.");
  const entry = join(import.meta.dirname, "../../src/trainer/main.ts");
  return Recording.start({ entry, folder, owner, log: (text) => process.stderr.write(`${text}\n`) });
}

async function loopOf(experiment: Experiment, baseFolder: string, recorder: Recorder): Promise<TrainingLoop> {
  const dataset = await loadData(experiment, baseFolder);
  const streams = new RandomStreams(experiment.training.seed);
  const training = prepareTraining({ experiment, dataset, model: buildModel(experiment, dataset, streams), streams, backend: "wasm" });
  const control = { stopRequested: () => false, takeCheckpointRequest: () => false };
  return new TrainingLoop(training, recorder, control, new CheckpointKeeper("unused", recorder));
}

interface Slice {
  /** Milliseconds of each block by the clock. */
  readonly clocks: readonly number[];
  readonly steps: number;
  /** Milliseconds of all threads of this process, until all was done. Some systems count in coarse ticks: only sums mean something. */
  readonly processor: number;
}

async function timeSlice(loop: TrainingLoop, settle: (steps: number) => Promise<void>): Promise<Slice> {
  const before = process.cpuUsage();
  const end = performance.now() + sliceMs;
  const clocks: number[] = [];
  while (performance.now() < end) {
    const start = performance.now();
    for (let step = 0; step < blockSteps; step++) await loop.step();
    clocks.push(performance.now() - start);
  }
  await settle(clocks.length * blockSteps);
  const { user, system } = process.cpuUsage(before);
  return { clocks, steps: clocks.length * blockSteps, processor: (user + system) / 1000 };
}

function perStep(slices: readonly Slice[]): number {
  return total(slices.map(({ processor }) => processor)) / total(slices.map(({ steps }) => steps));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The time that a tenth of the blocks stay below. */
function fastTenth(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)] ?? Number.NaN;
}

/**
 * Steps per second of both examples, and what recording costs: `node test/bench/training.bench.ts [seconds per case]`.
 * JSON on stdout, a table on stderr. With recording, gradients and ownership are measured every 10 steps as in the examples,
 * and everything goes through the trainer's second thread to a store on the disk; without, nothing is measured or kept.
 * Both take turns of some 50 ms, which a busy machine disturbs alike; then the recorded training goes on alone, since turns would have the
 * store's thread write twice as often a step. Compared is the processor time of these two threads. Garbage is collected on the thread
 * that made it, so that it counts for whom it is. The store is written several times a second by the clock: where others keep the
 * training from its processor, a step bears more of that.
 * Steps per second are those of the fastest tenth of the recorded turns by the clock.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseExperiment } from "../../src/experiment/parse.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { identityOf } from "../../src/runs/process/process-identity.ts";
import { Recording } from "../../src/trainer/recording.ts";
import { startBackend } from "../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../src/training/checkpoint-keeper.ts";
import { loadData } from "../../src/training/data/load.ts";
import { buildModel } from "../../src/training/model/build.ts";
import { RandomStreams } from "../../src/training/random-streams.ts";
import { silentRecorder } from "../../src/training/silent-recorder.ts";
import type { Recorder } from "../../src/training/recorder.ts";
import { prepareTraining } from "../../src/training/training.ts";
import { TrainingLoop } from "../../src/training/training-loop.ts";
import { TemporaryWorkspace } from "../unit/runs/temporary-run.ts";
import { storesTime } from "./host/stores-time.ts";

const seconds = Number(process.argv.find((argument) => /^[\d.]+$/.test(argument)) ?? 5);
const trackedEvery = 10;
const turnMs = 50;
const warmUpMs = 3000;
const flags = ["--single-threaded-gc"];

interface Result {
  readonly example: string;
  readonly balancer: string;
  readonly batchSize: number;
  readonly stepsPerSecond: number;
  /** Processor time of a step with recording ⁄ without − 1, in per cent. */
  readonly recordingCostPercent: number;
  /** What of it the training thread does itself: further walks, measuring, handing over. The rest is the store's thread. */
  readonly trainingThreadPercent: number;
}

if (!flags.every((flag) => process.execArgv.includes(flag))) {
  const { status } = spawnSync(process.execPath, [...flags, ...process.argv.slice(1)], { stdio: "inherit" });
  process.exit(status ?? 1);
}
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
process.stderr.write("example      balancer  batch  steps/s  cost of recording, of which on the training thread\n");
for (const { example, balancer, batchSize, stepsPerSecond, recordingCostPercent, trainingThreadPercent } of results) {
  const [cost, own] = [recordingCostPercent, trainingThreadPercent].map((percent) => `${percent.toFixed(1).padStart(5)} %`);
  process.stderr.write(
    `${example.padEnd(12)} ${balancer.padEnd(9)} ${String(batchSize).padStart(5)}  ${stepsPerSecond.toFixed(1).padStart(7)}  ${cost ?? ""} ${own ?? ""}\n`,
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
  const recorded = await loopOf({ ...base, track: { ...base.track, every: trackedEvery } }, dirname(file), recording);
  const plain = await loopOf({ ...base, track: { ...base.track, every: 1_000_000 } }, dirname(file), silentRecorder);
  const steps = await warmUp(recorded, plain);
  const turns: { readonly recorded: Turn; readonly plain: Turn }[] = [];
  const timesUp = clock(500 * seconds);
  while (!timesUp()) turns.push({ recorded: await turn(recorded, steps), plain: await turn(plain, steps) });
  const alone = await storesShare(recorded, steps);
  await recording.end({ status: "completed", reason: null, result: null });
  const own = median(turns.map((each) => each.recorded.processor / each.plain.processor)) - 1;
  return {
    example,
    balancer,
    batchSize: base.training.batchSize,
    stepsPerSecond: (1000 * steps) / fastTenth(turns.map((each) => each.recorded.clock)),
    recordingCostPercent: 100 * (own + alone * (1 + own)),
    trainingThreadPercent: 100 * own,
  };
}

/** Processor time of the store's thread for one of the training thread, while nothing but the recorded training runs. */
async function storesShare(recorded: TrainingLoop, steps: number): Promise<number> {
  const before = await storesTime();
  let training = 0;
  const timesUp = clock(500 * seconds);
  while (!timesUp()) training += (await turn(recorded, steps)).processor;
  return ((await storesTime()) - before) / training;
}

async function startRecording(folder: string): Promise<Recording> {
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new Error("This process has no identity.");
  const entry = join(import.meta.dirname, "host/store-thread.ts");
  return Recording.start({ entry, folder, owner, log: (text) => process.stderr.write(`${text}\n`) });
}

async function loopOf(experiment: Experiment, baseFolder: string, recorder: Recorder): Promise<TrainingLoop> {
  const dataset = await loadData(experiment, baseFolder);
  const streams = new RandomStreams(experiment.training.seed);
  const training = prepareTraining({ experiment, dataset, model: buildModel(experiment, dataset, streams), streams, backend: "wasm" });
  const control = { stopRequested: () => false, takeCheckpointRequest: () => false };
  return new TrainingLoop(training, recorder, control, new CheckpointKeeper("unused", recorder));
}

interface Turn {
  /** Milliseconds by the clock, and of this thread. */
  readonly clock: number;
  readonly processor: number;
}

async function turn(loop: TrainingLoop, steps: number): Promise<Turn> {
  const [start, before] = [performance.now(), process.threadCpuUsage()];
  for (let step = 0; step < steps; step++) await loop.step();
  return { clock: performance.now() - start, processor: milliseconds(process.threadCpuUsage(before)) };
}

function clock(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() >= end;
}

/** Compiles and fills caches; answers how many steps make a turn. */
async function warmUp(recorded: TrainingLoop, plain: TrainingLoop): Promise<number> {
  const times: number[] = [];
  const timesUp = clock(warmUpMs);
  while (!timesUp()) {
    times.push((await turn(plain, trackedEvery)).clock);
    await turn(recorded, trackedEvery);
  }
  return trackedEvery * Math.max(1, Math.round(turnMs / fastTenth(times)));
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The time that a tenth of the blocks stay below. */
function fastTenth(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)] ?? Number.NaN;
}

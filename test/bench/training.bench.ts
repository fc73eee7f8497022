/**
 * Steps per second of both examples, and what recording costs: `node test/bench/training.bench.ts [seconds per case]`.
 * JSON on stdout, a table on stderr. With tracking, gradients and ownership are measured every 10 steps as in the examples.
 * Steps with and without tracking take turns, block by block. Their cost is compared in processor time, which a busy machine
 * disturbs least; steps per second are those of the fastest tenth of the blocks by the clock.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseExperiment } from "../../src/experiment/parse.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { startBackend } from "../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../src/training/checkpoint-keeper.ts";
import { loadData } from "../../src/training/data/load.ts";
import { buildModel } from "../../src/training/model/build.ts";
import { RandomStreams } from "../../src/training/random-streams.ts";
import type { Recorder } from "../../src/training/recorder.ts";
import { prepareTraining } from "../../src/training/training.ts";
import { TrainingLoop } from "../../src/training/training-loop.ts";

const seconds = Number(process.argv.find((argument) => /^[\d.]+$/.test(argument)) ?? 5);
const blockSteps = 10;

interface Result {
  readonly example: string;
  readonly balancer: string;
  readonly batchSize: number;
  readonly stepsPerSecond: number;
  /** Time with tracking ⁄ time without − 1, in per cent. */
  readonly recordingCostPercent: number;
}

/** Takes everything and keeps nothing; handing points over to the store's thread is the trainer's affair. */
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
  const tracking = await loopOf({ ...base, track: { ...base.track, every: blockSteps } }, dirname(file));
  const plain = await loopOf({ ...base, track: { ...base.track, every: 1_000_000 } }, dirname(file));
  for (const loop of [tracking, plain]) timeBlock(loop);
  const times: { readonly tracked: BlockTime; readonly plain: BlockTime }[] = [];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) times.push({ tracked: timeBlock(tracking), plain: timeBlock(plain) });
  return {
    example,
    balancer,
    batchSize: base.training.batchSize,
    stepsPerSecond: (1000 * blockSteps) / fastTenth(times.map(({ tracked }) => tracked.clock)),
    recordingCostPercent:
      100 * (total(times.map(({ tracked }) => tracked.processor)) / total(times.map(({ plain: without }) => without.processor)) - 1),
  };
}

async function loopOf(experiment: Experiment, baseFolder: string): Promise<TrainingLoop> {
  const dataset = await loadData(experiment, baseFolder);
  const streams = new RandomStreams(experiment.training.seed);
  const training = prepareTraining({ experiment, dataset, model: buildModel(experiment, dataset, streams), streams, backend: "wasm" });
  const control = { stopRequested: () => false, takeCheckpointRequest: () => false };
  return new TrainingLoop(training, sink, control, new CheckpointKeeper("unused", sink));
}

/** Milliseconds for one block. */
interface BlockTime {
  readonly clock: number;
  /** Of this thread alone. Some systems count it in coarse ticks, so only sums over many blocks mean something. */
  readonly processor: number;
}

function timeBlock(loop: TrainingLoop): BlockTime {
  const start = performance.now();
  const before = process.threadCpuUsage();
  for (let step = 0; step < blockSteps; step++) loop.step();
  const { user, system } = process.threadCpuUsage(before);
  return { clock: performance.now() - start, processor: (user + system) / 1000 };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The time that a tenth of the blocks stay below. */
function fastTenth(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)] ?? Number.NaN;
}

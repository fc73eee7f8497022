import { loadavg } from "node:os";
import { memory } from "@tensorflow/tfjs-core";
import { silentRecorder } from "../../../src/training/silent-recorder.ts";
import type { Recorder } from "../../../src/training/recorder.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import { buildModel } from "../../../src/training/model/build.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import { prepareTraining } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { sharesDuring, type Shares } from "./parts.ts";
import { batchSize, problemDataset, problemExperiment, type Problem } from "./problems.ts";

const repeats = 3;

/** As few as a mean may come of. */
const leastSteps = 3;

/** A compiled step is recorded, compared and asked the same twice before it is at its speed. */
const leastWarmUp = 6;

export interface Measurement {
  readonly problem: Problem;
  readonly method: string;
  readonly backend: "wasm" | "native";
  /** Of the timing, in `repeats` parts. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly compile: boolean;
  /** Steps from one whose dominance is measured to the next; never where left out. */
  readonly track?: number;
}

/** In the form in which the peers' script tells its own. */
export interface Figures {
  readonly batch: number;
  readonly tasks: number;
  /** Numbers that train. */
  readonly parameters: number;
  /** The median of `runs`. */
  readonly steps_per_s: number;
  readonly runs: readonly number[];
  readonly cpu_per_wall: readonly number[];
  readonly peak_rss_mib: number;
  /** Tensors alive after the warm-up and at the end. */
  readonly tensors: readonly [start: number, end: number];
  readonly parts: Shares;
  readonly last_losses: readonly number[];
  readonly loadavg1: number;
  /** What the training itself notes, such as why a step is not compiled. */
  readonly notes?: readonly string[];
}

/** Steps of a training on the backend that was started: a batch, forward, backward, balancing, optimizer. */
export async function measure({ problem, method, backend, seconds, warmUpSeconds, compile, track }: Measurement): Promise<Figures> {
  const experiment = problemExperiment(problem, method, compile, track);
  const dataset = problemDataset(problem);
  const streams = new RandomStreams(1);
  const model = buildModel(experiment, dataset, streams);
  const training = prepareTraining({ experiment, dataset, model, streams, backend });
  const control = { stopRequested: () => false, takeCheckpointRequest: () => false };
  const { sink, losses, notes } = keeping(problem.tasks);
  const loop = new TrainingLoop(training, sink, control, new CheckpointKeeper("unused", keeping(0).sink));
  const during = async (ms: number, least: number): Promise<number> => {
    const start = performance.now();
    let steps = 0;
    for (; performance.now() - start < ms || steps < least; steps++) await loop.step();
    return steps;
  };
  await during(1000 * warmUpSeconds, leastWarmUp);
  const tensors = memory().numTensors;
  const runs: number[] = [];
  const cpu: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const before = process.cpuUsage();
    const start = performance.now();
    const steps = await during((1000 * seconds) / repeats, leastSteps);
    const elapsed = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    runs.push(steps / elapsed);
    cpu.push((user + system) / 1e6 / elapsed);
  }
  const peak = process.resourceUsage().maxRSS;
  const end = memory().numTensors;
  const parts = await sharesDuring(async () => {
    await during((1000 * seconds) / repeats, leastSteps);
  });
  return {
    batch: batchSize,
    tasks: problem.tasks,
    parameters: training.everything.reduce((sum, { size }) => sum + size, 0),
    steps_per_s: rounded(runs.toSorted((a, b) => a - b)[Math.floor(repeats / 2)] ?? Number.NaN, 4),
    runs: runs.map((value) => rounded(value, 4)),
    cpu_per_wall: cpu.map((value) => rounded(value, 3)),
    peak_rss_mib: Math.round(peak / 1024),
    tensors: [tensors, end],
    parts,
    last_losses: losses.slice(0, 3).map((value) => rounded(value, 5)),
    loadavg1: Number((loadavg()[0] ?? 0).toFixed(2)),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

/** A recorder that keeps the last losses and the notes, and nothing else. */
function keeping(tasks: number): { readonly sink: Recorder; readonly losses: number[]; readonly notes: string[] } {
  const losses: number[] = [];
  const notes: string[] = [];
  const sink: Recorder = {
    ...silentRecorder,
    scalar: (series, _, value) => {
      if (!series.startsWith("loss/")) return;
      losses.push(value);
      if (losses.length > tasks) losses.shift();
    },
    event: ({ kind, message }) => {
      if (kind === "note") notes.push(message);
    },
  };
  return { sink, losses, notes };
}

/** To so many digits that count. */
function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

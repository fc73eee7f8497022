/**
 * Steps per second of the engine alone on the problems of multi-task libraries: `npm run bench -- engine`, or
 * `node test/bench/engine.bench.ts [--problems A,B,C] [--methods equal,mgda] [--backends wasm,native] [--threads 1,2] [--seconds 4] [--plain]`;
 * `--plain` does without the compiled step.
 * Each case has a process of its own and a JSON line on stderr as soon as it is measured; all of them are on stdout at the end. A step is a batch, forward,
 * backward, balancing and Adam, with nothing tracked; what a run records of each step goes nowhere.
 */
import { spawnSync } from "node:child_process";
import { loadavg } from "node:os";
import { memory } from "@tensorflow/tfjs-core";
import type { Recorder } from "../../src/training/recorder.ts";
import { BackendError } from "../../src/training/backend/backend-error.ts";
import { startBackend } from "../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../src/training/checkpoint-keeper.ts";
import { buildModel } from "../../src/training/model/build.ts";
import { RandomStreams } from "../../src/training/random-streams.ts";
import { prepareTraining } from "../../src/training/training.ts";
import { TrainingLoop } from "../../src/training/training-loop.ts";
import { batchSize, problemDataset, problemExperiment, problems, type ProblemName } from "./engine/problems.ts";

interface Case {
  readonly problem: ProblemName;
  readonly method: string;
  readonly backend: "wasm" | "native";
  readonly threads: number;
}

const methods = ["equal", "mgda", "pcgrad", "cagrad", "nash-mtl", "adatask"];
const repeats = 3;
const seconds = Number(option("seconds", "4"));
const plain = process.argv.includes("--plain") ? ["--plain"] : [];
const worker = process.argv.indexOf("--worker");
if (worker >= 0) await measure(parseCase(process.argv[worker + 1] ?? ""));
else measureAll();

function measureAll(): void {
  const lines: unknown[] = [];
  for (const name of allCases()) {
    const { stdout, status } = spawnSync(
      process.execPath,
      [...process.execArgv, import.meta.filename, "--worker", name, "--seconds", String(seconds), ...plain],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    if (status !== 0) throw new Error(`${name} failed.`);
    const line: unknown = JSON.parse(stdout);
    lines.push(line);
    process.stderr.write(`${stdout.trim()}\n`);
  }
  process.stdout.write(`${JSON.stringify({ benchmark: "engine", seconds, results: lines })}\n`);
}

function allCases(): readonly string[] {
  const [backends, threads] = [list("backends", ["wasm"]), list("threads", ["1"])];
  return list("problems", Object.keys(problems)).flatMap((problem) =>
    list("methods", methods).flatMap((method) =>
      backends.flatMap((backend) => threads.map((count) => [problem, method, backend, count].join(":"))),
    ),
  );
}

async function measure({ problem, method, backend, threads }: Case): Promise<void> {
  const facts = { problem, threads, engine: `taskscope ${backend}`, method, batch: batchSize, tasks: problems[problem].tasks };
  try {
    await startBackend(backend, { workspaceFolder: process.cwd(), threads });
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    process.stdout.write(`${JSON.stringify({ ...facts, error: error.message })}\n`);
    return;
  }
  const experiment = problemExperiment(problem, method, plain.length === 0);
  const dataset = problemDataset(problem);
  const streams = new RandomStreams(1);
  const model = buildModel(experiment, dataset, streams);
  const training = prepareTraining({ experiment, dataset, model, streams, backend });
  const control = { stopRequested: () => false, takeCheckpointRequest: () => false };
  const losses: number[] = [];
  const loop = new TrainingLoop(training, sinkWith(losses), control, new CheckpointKeeper("unused", sinkWith([])));
  const warmUpEnd = performance.now() + 2000;
  for (let step = 0; step < 20 || performance.now() < warmUpEnd; step++) await loop.step();
  const tensors = memory().numTensors;
  const runs: number[] = [];
  const cpu: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const before = process.cpuUsage();
    const start = performance.now();
    let steps = 0;
    while (performance.now() - start < (1000 * seconds) / repeats || steps < 5) {
      await loop.step();
      steps += 1;
    }
    const elapsed = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    runs.push(steps / elapsed);
    cpu.push((user + system) / 1e6 / elapsed);
  }
  const rounded = (values: readonly number[]): number[] => values.map((value) => Number(value.toFixed(2)));
  process.stdout.write(
    `${JSON.stringify({
      ...facts,
      steps_per_s: rounded(runs.toSorted((a, b) => a - b))[1],
      runs: rounded(runs),
      cpu_per_wall: rounded(cpu),
      peak_rss_mib: Math.round(process.resourceUsage().maxRSS / 1024),
      tensors: [tensors, memory().numTensors],
      last_losses: rounded(losses).slice(-problems[problem].tasks).slice(0, 3),
      loadavg1: Number((loadavg()[0] ?? 0).toFixed(2)),
    })}\n`,
  );
}

/** Keeps the losses of the last steps and nothing else. */
function sinkWith(losses: number[]): Recorder {
  return {
    describe: () => undefined,
    resume: () => undefined,
    scalar: (series, _, value) => {
      if (!series.startsWith("loss/")) return;
      losses.push(value);
      if (losses.length > 100) losses.splice(0, 50);
    },
    vector: () => undefined,
    snapshot: () => undefined,
    event: () => undefined,
    progress: () => undefined,
  };
}

function parseCase(text: string): Case {
  const [problem = "", method = "", backend = "", threads = "1"] = text.split(":");
  if (problem !== "A" && problem !== "B" && problem !== "C") throw new Error(`There is no problem ${problem}.`);
  if (backend !== "wasm" && backend !== "native") throw new Error(`There is no backend ${backend}.`);
  return { problem, method, backend, threads: Number(threads) };
}

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}

function list(name: string, fallback: readonly string[]): readonly string[] {
  const given = option(name, "");
  return given === "" ? fallback : given.split(",");
}

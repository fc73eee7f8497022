/**
 * What sharing the forward pass saves: `node test/bench/gradients.bench.ts [seconds per case]`. The gradients of K tasks on the
 * LeNet of the Multi-MNIST example, from one forward pass with one tape and K walks, against K separate passes, each a
 * forward pass through the trunk and its own head with TensorFlow.js's `variableGrads`. JSON on stdout, a table on stderr.
 * Both ways take turns; they are compared in processor time, which a busy machine disturbs least.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dispose, type Rank, reshape, variableGrads } from "@tensorflow/tfjs-core";
import { parseExperiment } from "../../src/experiment/parse.ts";
import { experimentSchema, type Experiment } from "../../src/experiment/schema.ts";
import { startBackend } from "../../src/training/backend/backend.ts";
import { makeBatch } from "../../src/training/batches.ts";
import type { RowValues } from "../../src/training/data/dataset.ts";
import { MemorySource, pickRows } from "../../src/training/data/memory-source.ts";
import { loadData } from "../../src/training/data/load.ts";
import { BackwardPass } from "../../src/training/gradients/backward-pass.ts";
import { commonRow } from "../../src/training/gradients/per-task.ts";
import { Tape } from "../../src/training/gradients/tape.ts";
import { buildModel } from "../../src/training/model/build.ts";
import { RandomStreams } from "../../src/training/random-streams.ts";
import { inTensorScope } from "../../src/training/tensor-scope.ts";
import { prepareTraining, type Training } from "../../src/training/training.ts";

const seconds = Number(process.argv.find((argument) => /^[\d.]+$/.test(argument)) ?? 5);
const examples = join(import.meta.dirname, "../../examples");

interface Result {
  readonly tasks: number;
  readonly batchSize: number;
  /** Processor time for the gradients of all tasks, in milliseconds. */
  readonly sharedMs: number;
  readonly separateMs: number;
  /** Separate ⁄ shared. */
  readonly ratio: number;
}

const { experiment } = parseExperiment(readFileSync(join(examples, "multi-mnist.mtl.yaml"), "utf8"));
if (experiment === undefined) throw new Error("The example has errors.");
await startBackend("wasm");
const results: Result[] = [];
for (const tasks of [2, 8]) results.push(await measure(experiment, tasks));

process.stderr.write("tasks  batch  one tape  separate  times faster\n");
for (const { tasks, batchSize, sharedMs, separateMs, ratio } of results) {
  process.stderr.write(
    `${String(tasks).padStart(5)}  ${String(batchSize).padStart(5)}  ${sharedMs.toFixed(1).padStart(5)} ms  ${separateMs.toFixed(1).padStart(5)} ms  ${ratio.toFixed(2).padStart(12)}\n`,
  );
}
process.stdout.write(`${JSON.stringify({ benchmark: "gradients", network: "LeNet of multi-mnist", seconds, results })}\n`);

async function measure(base: Experiment, count: number): Promise<Result> {
  const names = Array.from({ length: count }, (_, task) => `task${task + 1}`);
  const all = await open(base, names);
  const single: Training[] = [];
  for (const name of names) single.push(await open(base, [name]));
  const batchSize = base.training.batchSize;

  const indices = Uint32Array.from({ length: batchSize }, (_, i) => i);
  const batch = makeBatch(all.dataset, pickRows(trainRows(all), indices));
  const shared = (): void => {
    oneTape(all, batch);
  };
  const separate = (): void => {
    single.forEach((training, task) => {
      ownPass(training, { ...batch, targets: batch.targets.slice(task, task + 1) });
    });
  };
  for (let warm = 0; warm < 5; warm++) for (const run of [shared, separate]) run();
  const spent = { shared: 0, separate: 0, rounds: 0 };
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    spent.shared += timed(shared);
    spent.separate += timed(separate);
    spent.rounds += 1;
  }
  dispose([...batch.inputs, ...batch.targets.flatMap((each) => (each === undefined ? [] : [each.target, each.rowWeight]))]);
  for (const { model } of [all, ...single]) model.dispose();
  return {
    tasks: count,
    batchSize,
    sharedMs: spent.shared / spent.rounds,
    separateMs: spent.separate / spent.rounds,
    ratio: spent.separate / spent.shared,
  };
}

/** The example with these tasks, which read the left and the right digit in turn. */
async function open(base: Experiment, names: readonly string[]): Promise<Training> {
  const heads = "heads" in base.model ? base.model.heads : undefined;
  const head = heads?.["left"] ?? [];
  const experimentOf = experimentSchema.parse({
    ...base,
    tasks: Object.fromEntries(names.map((name, i) => [name, { column: i % 2 === 0 ? "left" : "right", kind: "classification" }])),
    model: { ...base.model, heads: Object.fromEntries(names.map((name) => [name, head])) },
  });
  const dataset = await loadData(experimentOf, examples);
  const streams = new RandomStreams(experimentOf.training.seed);
  return prepareTraining({
    experiment: experimentOf,
    dataset,
    model: buildModel(experimentOf, dataset, streams),
    streams,
    backend: "wasm",
  });
}

function trainRows({ dataset }: Training): RowValues {
  const { train } = dataset.splits;
  if (train instanceof MemorySource) return train.values;
  throw new TypeError("The rows of this example should be in memory.");
}

type Batch = ReturnType<typeof makeBatch>;

function variablesOf({ model }: Training) {
  return model.parameters.map(({ variable }) => variable);
}

function lossesOf({ model, losses }: Training, { inputs, targets }: Batch) {
  return model.forward(inputs, true).map((output, task) => {
    const loss = losses[task];
    const wanted = targets[task];
    if (loss === undefined || wanted === undefined) throw new Error("Every digit has its label.");
    return loss.compute(output, wanted.target, wanted.rowWeight);
  });
}

function oneTape(training: Training, batch: Batch): void {
  const { tape, value } = Tape.record(variablesOf(training), () => lossesOf(training, batch));
  inTensorScope(() => {
    const pass = BackwardPass.from(tape, value);
    value.forEach((_, position) => commonRow(pass, position, training.parameters));
  });
  tape.dispose();
  dispose(value);
}

function ownPass(training: Training, batch: Batch): void {
  const { value, grads } = variableGrads(() => {
    const [loss] = lossesOf(training, batch);
    if (loss === undefined) throw new Error("There is one task.");
    return reshape<Rank.R0>(loss, []);
  }, variablesOf(training));
  for (const gradient of Object.values(grads)) gradient.dataSync();
  dispose([value, ...Object.values(grads)]);
}

/** Milliseconds of this thread. */
function timed(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

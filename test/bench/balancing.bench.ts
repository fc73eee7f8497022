/**
 * What each method makes a step cost: `node test/bench/balancing.bench.ts [seconds per case]`. JSON on stdout, a table on stderr.
 * Training with the method takes turns, block by block, with training that computes the K task gradients and merely adds them up; the
 * ratio is of processor time, which a busy machine disturbs least. Methods that weigh losses walk back once and lie below 1.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { defineBalancer, type Balancer } from "../../src/balancers/balancer.ts";
import { balancerCatalogue } from "../../src/balancers/catalogue.ts";
import { parseExperiment } from "../../src/experiment/parse.ts";
import { startBackend } from "../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../src/training/checkpoint-keeper.ts";
import { loadData } from "../../src/training/data/load.ts";
import { buildModel } from "../../src/training/model/build.ts";
import { RandomStreams } from "../../src/training/random-streams.ts";
import { silentRecorder } from "../../src/training/silent-recorder.ts";
import { prepareTraining } from "../../src/training/training.ts";
import { TrainingLoop } from "../../src/training/training-loop.ts";

const seconds = Number(process.argv.find((argument) => /^[\d.]+$/.test(argument)) ?? 2);
const blockSteps = 10;
const examples = join(import.meta.dirname, "../../examples");

/** Asks for every task's gradient and for nothing that is made of it. */
const gradientsAlone = defineBalancer({
  id: "gradients-alone",
  title: "The gradients alone",
  summary: "Computes the task gradients one by one and adds them up.",
  family: "gradients",
  needs: "gradients",
  action: "combine-gradients",
  papers: [],
  provenance: "paper",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  options: z.object({}),
  start: () => ({}),
  demand: () => ({ needs: "gradients", only: [] }),
  weigh: ({ tasks }, state) => ({ weights: tasks.map(() => 1), status: "ok", state }),
});

await startBackend("wasm");
const results: { readonly example: string; readonly method: string; readonly needs: string; readonly ratio: number }[] = [];
for (const example of ["penguins", "multi-mnist"]) {
  const file = join(examples, `${example}.mtl.yaml`);
  const { experiment } = parseExperiment(readFileSync(file, "utf8"));
  if (experiment === undefined) throw new Error(`${file} has errors.`);
  const dataset = await loadData(experiment, dirname(file));
  const loopOf = (balancer: Balancer): TrainingLoop => {
    const streams = new RandomStreams(experiment.training.seed);
    const model = buildModel(experiment, dataset, streams);
    // Nothing is tracked but the first step: what recording costs is another benchmark's question.
    const quiet = { ...experiment, track: { ...experiment.track, every: 1_000_000 } };
    const training = prepareTraining({ experiment: quiet, dataset, streams, model, backend: "wasm", balancer });
    const control = { stopRequested: () => false, takeCheckpointRequest: () => false };
    return new TrainingLoop(training, silentRecorder, control, new CheckpointKeeper("unused", silentRecorder));
  };
  for (const balancer of balancerCatalogue) {
    const [method, alone] = [loopOf(balancer), loopOf(gradientsAlone)];
    for (const loop of [method, alone]) await timeBlock(loop);
    const [spent, baseline] = [{ time: 0 }, { time: 0 }];
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end) {
      spent.time += await timeBlock(method);
      baseline.time += await timeBlock(alone);
    }
    const result = { example, method: balancer.id, needs: balancer.needs, ratio: spent.time / baseline.time };
    results.push(result);
    process.stderr.write(
      `${example.padEnd(12)} ${balancer.id.padEnd(24)} ${balancer.needs.padEnd(10)} ${result.ratio.toFixed(2).padStart(5)}\n`,
    );
  }
}
process.stdout.write(`${JSON.stringify({ benchmark: "balancing", seconds, results })}\n`);

/** Processor time of this thread for one block, in microseconds. */
async function timeBlock(loop: TrainingLoop): Promise<number> {
  const before = process.threadCpuUsage();
  for (let step = 0; step < blockSteps; step++) await loop.step();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { balancerCatalogue, resolveBalancer } from "../../../src/balancers/catalogue.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";
import type { Experiment } from "../../../src/experiment/schema.ts";
import { readCheckpoint, writeCheckpoint } from "../../../src/training/checkpoint.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import type { Dataset } from "../../../src/training/data/dataset.ts";
import { loadData } from "../../../src/training/data/load.ts";
import { buildModel } from "../../../src/training/model/build.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import { prepareTraining, type Training } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { captureState, restoreState } from "../../../src/training/training-state.ts";
import { onEachBackend } from "./each-backend.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticExperiment, syntheticTraining } from "./synthetic.ts";
import { valuesOf } from "./values-of.ts";

const folder = mkdtempSync(join(tmpdir(), "taskscope-methods-"));
const examplesFolder = new URL("../../../examples/", import.meta.url).pathname;
const data = new Map<string, Dataset>();

beforeAll(async () => {
  for (const name of ["multi-mnist", "penguins"]) data.set(name, await loadData(exampleOf(name, "equal"), examplesFolder));
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function exampleOf(name: string, balancer: string): Experiment {
  const text = readFileSync(join(examplesFolder, `${name}.mtl.yaml`), "utf8");
  const { experiment } = parseExperiment(text.replace("balancer: equal", `balancer: ${balancer}`));
  if (experiment?.balancer !== balancer) throw new Error(`${name} with ${balancer} is no experiment.`);
  return experiment;
}

function prepare(experiment: Experiment, dataset: Dataset): Training {
  const streams = new RandomStreams(experiment.training.seed);
  return prepareTraining({ experiment, dataset, streams, model: buildModel(experiment, dataset, streams), backend: "wasm" });
}

/** Of each step, the mean loss of the tasks that it trained: a task that a method weighs with 0, head and all, may well get worse. */
async function train(training: Training, steps: number): Promise<readonly number[]> {
  const recorder = new ListRecorder();
  const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder));
  for (let i = 0; i < steps; i++) await loop.step();
  const weighsLosses = resolveBalancer(training.experiment.balancer).balancer.action === "weigh-losses";
  const trained: number[][] = Array.from({ length: steps }, () => []);
  for (const { id } of training.tasks) {
    const weights = new Map((recorder.points.get(`weight/${id}`) ?? []).map(({ step, values }) => [step, values[0]]));
    for (const { step, values } of recorder.points.get(`loss/${id}`) ?? []) {
      if (!weighsLosses || weights.get(step) !== 0) trained[step - 1]?.push(values[0] ?? NaN);
    }
  }
  return trained.map(mean);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function behaves(id: string, examples: readonly (readonly [name: string, steps: number])[]): void {
  test.each(examples)("trains %s with finite losses that fall", async (name, steps) => {
    const dataset = data.get(name);
    if (dataset === undefined) throw new Error("no data");
    const training = prepare(exampleOf(name, id), dataset);
    const losses = await train(training, steps);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(mean(losses.slice(-8))).toBeLessThan(mean(losses.slice(0, 8)));
    expect(training.policy.consecutive).toBe(0);
    training.model.dispose();
  });

  test("goes on from a checkpoint as if it had never stopped, bit for bit", async () => {
    // Twelve steps over four epochs of three; the checkpoint is in the middle of an epoch, with partial labels.
    const changes = {
      balancer: id,
      training: { epochs: 4, batchSize: 16, seed: 1, backend: "wasm" },
      model: { trunk: [{ dense: { units: 6, activation: "relu" } }, { dropout: { rate: 0.2 } }, { dense: { units: 4 } }] },
    };
    const dataset = syntheticDataset({ rows: 48, gaps: true });
    const [whole, first, second] = [0, 1, 2].map(() => syntheticTraining(changes, dataset));
    if (whole === undefined || first === undefined || second === undefined) throw new Error("unreachable");
    const recorders = [new ListRecorder(), new ListRecorder(), new ListRecorder()] as const;
    const loop = (training: Training, recorder: ListRecorder, step: number) =>
      new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder), step);
    const run = async (each: TrainingLoop, steps: number) => {
      for (let i = 0; i < steps; i++) await each.step();
    };
    await run(loop(whole, recorders[0], 0), 12);
    await run(loop(first, recorders[1], 0), 5);
    await restoreState(second, readCheckpoint(writeCheckpoint(folder, captureState(first, 5))));
    await run(loop(second, recorders[2], 5), 7);
    const state = (training: Training) => captureState(training, 12);
    expect(state(second)).toEqual(state(whole));
    const joined = Object.fromEntries(
      Object.keys(recorders[0].numbers()).map((series) => [
        series,
        [...(recorders[1].points.get(series) ?? []), ...(recorders[2].points.get(series) ?? [])],
      ]),
    );
    expect(joined).toEqual(recorders[0].numbers());
    for (const training of [whole, first, second]) training.model.dispose();
  });

  test("works where a task has no label in a batch: no loss, no weight, and the others learn", async () => {
    const dataset = syntheticDataset({ rows: 48 });
    // Of the first half of the rows the second task knows nothing.
    valuesOf(dataset.splits.train).present[1]?.fill(0, 0, 24);
    const training = syntheticTraining({ balancer: id, training: { epochs: 1, batchSize: 4, backend: "wasm" } }, dataset);
    const recorder = new ListRecorder();
    const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder));
    for (let i = 0; i < 12; i++) await loop.step();
    const [kind = [], size = []] = ["loss/kind", "loss/size"].map((series) => recorder.points.get(series) ?? []);
    expect(kind).toHaveLength(12);
    expect(size.length).toBeLessThan(12);
    const weights = recorder.points.get("weight/size") ?? [];
    expect(weights.every(({ step }) => size.some((point) => point.step === step))).toBe(true);
    expect([...kind, ...size, ...weights].every(({ values }) => values.every(Number.isFinite))).toBe(true);
    expect(recorder.events.filter((event) => event.kind === "non-finite")).toEqual([]);
    training.model.dispose();
  });

  test("trains one task alone", async () => {
    const changes = { balancer: id, tasks: { kind: { kind: "classification" } } };
    const training = prepare(syntheticExperiment(changes), syntheticDataset({ tasks: ["kind"] }));
    const losses = await train(training, 60);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(mean(losses.slice(-8))).toBeLessThan(mean(losses.slice(0, 8)));
    training.model.dispose();
  });
}

const every = balancerCatalogue.map(({ id }) => id);
/** One of each way through the engine: what a method itself computes is the same on every backend. */
const ways = ["equal", "famo", "mgda-ub", "nash-mtl", "graddrop", "modo", "adatask", "alternating"];

onEachBackend((backend) => {
  const examples = [["multi-mnist", 32] as const, ["penguins", 60] as const].slice(backend === "wasm" ? 0 : 1);
  describe.each(backend === "wasm" ? every : ways)("%s", (id) => behaves(id, examples));
});

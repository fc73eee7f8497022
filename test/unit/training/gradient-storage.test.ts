import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memory } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { boundToGradients } from "../../../src/balancers/gradient-storage.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import { readCheckpoint, writeCheckpoint } from "../../../src/training/checkpoint.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import type { Dataset } from "../../../src/training/data/dataset.ts";
import { pickRows } from "../../../src/training/data/memory-source.ts";
import { chooseStorage, type StorageQuestion } from "../../../src/training/gradients/storage.ts";
import { buildModel } from "../../../src/training/model/build.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import type { StepReport } from "../../../src/training/step-report.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";
import { prepareTraining, type Training } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { captureState, restoreState } from "../../../src/training/training-state.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticExperiment, syntheticTraining } from "./synthetic.ts";
import { valuesOf } from "./values-of.ts";

const folder = mkdtempSync(join(tmpdir(), "taskscope-gradients-"));
const tasks = { kind: { kind: "classification" }, size: { kind: "regression" }, weight: { kind: "regression", loss: "mae" } };
const free = balancerCatalogue.filter((balancer) => boundToGradients(balancer) === undefined).map(({ id }) => id);
const bound = balancerCatalogue.filter((balancer) => boundToGradients(balancer) !== undefined).map(({ id }) => id);

beforeAll(async () => {
  await startBackend("wasm");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function dataset(): Dataset {
  return syntheticDataset({ rows: 48, gaps: true, tasks: Object.keys(tasks) });
}

function prepare(gradients: string, changes: Record<string, unknown> = {}, training: Record<string, unknown> = {}): Training {
  return syntheticTraining(
    {
      tasks,
      optimizer: { sgd: { learningRate: 0.05, momentum: 0.9 } },
      track: { every: 2 },
      ...changes,
      training: { epochs: 9, batchSize: 16, seed: 1, backend: "wasm", gradients, ...training },
    },
    dataset(),
  );
}

async function run(training: Training, steps: number): Promise<ListRecorder> {
  const recorder = new ListRecorder();
  const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder));
  for (let i = 0; i < steps; i++) await loop.step();
  return recorder;
}

function weights({ parameters }: Training): readonly number[] {
  return [...parameters.common, ...parameters.owned].flatMap(({ values }) => [...values]);
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const farthest = Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? NaN))));
  expect(farthest).toBeLessThanOrEqual(tolerance * scale);
}

/** Two trainings of the same, one with stored gradients, one without; both must come to the same. */
async function compare(changes: Record<string, unknown>, steps: number, training: Record<string, unknown> = {}): Promise<void> {
  const both = ["stored", "recompute"].map((gradients) => prepare(gradients, changes, training));
  const [stored, again] = both;
  if (stored === undefined || again === undefined) throw new Error("unreachable");
  const before = weights(stored);
  const [expected, actual] = [await run(stored, steps), await run(again, steps)];
  const moved = (each: Training) => weights(each).map((value, i) => value - (before[i] ?? 0));
  expectClose(moved(again), moved(stored), 1e-5);
  const numbers = (recorder: ListRecorder) =>
    Object.entries(recorder.numbers()).flatMap(([name, points]) => points.map(({ step, values }) => ({ name, step, values })));
  expect(numbers(actual).map(({ name, step }) => `${name} ${step}`)).toEqual(numbers(expected).map(({ name, step }) => `${name} ${step}`));
  for (const [i, { name, step, values }] of numbers(actual).entries()) {
    // A count of elements may change where an element lies on the edge of a bin.
    const wanted = numbers(expected)[i]?.values ?? [];
    const tolerance = name.startsWith("dominance-histogram") || name.startsWith("dominated") ? 0.05 : 1e-4;
    const scale = Math.max(1e-3, ...wanted.map(Math.abs));
    values.forEach((value, e) => expect(Math.abs(value - (wanted[e] ?? NaN)) / scale, `${name} at ${step}`).toBeLessThan(tolerance));
  }
  for (const each of both) each.model.dispose();
}

describe("without stored gradients", () => {
  test.each(free)("%s takes the same steps and records the same", async (balancer) => {
    await compare({ balancer }, 4);
  });

  test("the Adam optimizer's accumulators attribute the same to each task", async () => {
    await compare({ balancer: "mgda", optimizer: { adam: { learningRate: 1e-3 } } }, 4);
  });

  test.each([{ norm: 0.05 }, { value: 0.01 }])("what clipping leaves is attributed alike (%o)", async (clip) => {
    await compare({ balancer: "cagrad" }, 4, { clip });
  });

  test.each(["own", "weighted"])("heads see their %s gradient", async (heads) => {
    await compare({ balancer: "nash-mtl" }, 3, { heads });
  });

  test("dropout, normalisation and a direction of accidental length change nothing", async () => {
    await compare(
      { balancer: "mgda", model: { trunk: [{ dense: { units: 8, useBias: false } }, "batchNormalization", { dropout: { rate: 0.3 } }] } },
      4,
    );
    await compare({ balancer: "upgrad" }, 2, { maxNormFactor: 1e-3 });
  });

  const step = (training: Training, track: boolean): StepReport =>
    inTensorScope(() => {
      const { dataset: data, stepper } = training;
      const rows = pickRows(valuesOf(data.splits.train), Uint32Array.of(1, 2, 3, 4, 6, 7, 8, 9));
      return stepper.run(makeBatch(data, rows), { step: 0, epoch: 0, rate: 0.05, track });
    });

  test.each([
    ["equal", 1, 1 + 3],
    ["mgda", 3 + 1, 3 + 1 + 3],
    ["mgda-ub", 1, 1 + 3],
  ])("%s walks the trunk %i times, and %i times in a tracked step", (balancer, plain, tracked) => {
    const training = prepare("recompute", { balancer });
    expect(step(training, false).walks).toBe(plain);
    expect(step(training, true).walks).toBe(tracked);
    training.model.dispose();
  });

  test("no step leaves a tensor", async () => {
    const training = prepare("recompute", { balancer: "mgda" });
    await run(training, 4);
    const before = memory().numTensors;
    await run(training, 20);
    expect(memory().numTensors).toBe(before);
    training.model.dispose();
  });

  test.each(["equal", "mgda", "mgda-ub"])("%s tells whose gradient is not finite, and the others go on", (balancer) => {
    const training = prepare("recompute", { balancer }, { onNonFinite: "drop-task" });
    // Finite losses whose gradients overflow when they are squared.
    const head = training.parameters.owned.find(({ name }) => name === "size.output.kernel");
    head?.set(new Float32Array(head.size).fill(1e18));
    const report = step(training, true);
    expect(report.trouble?.remedy).toEqual({ kind: "drop", tasks: [1] });
    expect(report.weights.map((weight) => weight === undefined)).toEqual([false, true, false]);
    training.model.dispose();
  });
});

describe("what becomes of the gradients", () => {
  const question: StorageQuestion = { asked: "auto", method: "X", bound: undefined, tasks: 8, elements: 1e6, free: 1e9 };

  test("is decided by the free memory, and told where it is not as usual", () => {
    expect(chooseStorage(question)).toEqual({ storage: "stored", note: undefined });
    const short = chooseStorage({ ...question, free: 1e8 });
    expect(short.storage).toBe("recompute");
    expect(short.note).toMatch(/31 MB \(8 tasks × 1,000,000 shared weights\), more than a quarter of the 96 MB that are free/);
    expect(chooseStorage({ ...question, asked: "stored", free: 1 })).toEqual({ storage: "stored", note: undefined });
    expect(chooseStorage({ ...question, asked: "recompute" }).note).toMatch(/as training.gradients asks/);
    const kept = chooseStorage({ ...question, free: 1e8, bound: "works on the gradients themselves" });
    expect(kept.storage).toBe("stored");
    expect(kept.note).toMatch(/stored all the same: X works on the gradients themselves/);
  });

  test.each(bound)("%s is refused where they must not be stored", (balancer) => {
    expect(() => prepare("recompute", { balancer, optimizer: "adam" })).toThrow(
      /so they must be stored\. Set training\.gradients to stored or auto\./,
    );
  });

  test("is refused, or noted, where a step has several batches", () => {
    expect(() => prepare("recompute", { balancer: "mgda" }, { accumulate: 2 })).toThrow(
      /MGDA is given gradients that are added up over the batches of a step \(training\.accumulate\), so they must be stored\./,
    );
    expect(boundToGradients({ needs: "losses", action: "weigh-losses" }, 2)).toMatch(/added up/);
    expect(boundToGradients({ needs: "losses", action: "weigh-losses" }, 1)).toBeUndefined();
  });

  test("goes on after a checkpoint as it was, whatever memory is free by then", async () => {
    const experiment = syntheticExperiment({ balancer: "mgda" });
    const open = (freeMemory: number): Training => {
      const streams = new RandomStreams(1);
      const data = syntheticDataset();
      return prepareTraining({
        experiment,
        dataset: data,
        model: buildModel(experiment, data, streams),
        streams,
        backend: "wasm",
        freeMemory,
      });
    };
    const [short, plenty] = [open(1000), open(1e12)];
    expect([short.stepper.storage, plenty.stepper.storage]).toEqual(["recompute", "stored"]);
    await restoreState(plenty, readCheckpoint(writeCheckpoint(folder, captureState(short, 0))));
    expect(plenty.stepper.storage).toBe("recompute");
    for (const { model } of [short, plenty]) model.dispose();
  });
});

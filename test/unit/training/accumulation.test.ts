import { memory } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import type { RowValues } from "../../../src/training/data/dataset.ts";
import { pickRows } from "../../../src/training/data/memory-source.ts";
import type { StepReport } from "../../../src/training/step-report.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";
import type { Training } from "../../../src/training/training.ts";
import { syntheticDataset, syntheticTraining, type SyntheticDataset } from "./synthetic.ts";

const opened: Training[] = [];
beforeAll(async () => {
  await startBackend("wasm");
});
afterEach(() => {
  for (const { model } of opened.splice(0)) model.dispose();
});

type Settings = Record<string, unknown>;

function open(changes: Settings, dataset: SyntheticDataset, balancer?: Parameters<typeof syntheticTraining>[2]): Training {
  const training = syntheticTraining(changes, dataset, balancer);
  opened.push(training);
  return training;
}

/** Rows with few labels of the second task, spread unevenly, and a batch in which it has none. */
function uneven(): SyntheticDataset {
  const dataset = syntheticDataset({ rows: 48 });
  const { present } = dataset.splits.train.values;
  present[0]?.forEach((_, row) => (present[0] as Uint8Array)[row] === 1 && row % 7 === 3 && present[0]?.fill(0, row, row + 1));
  present[1]?.forEach((_, row) => present[1]?.fill(row < 12 ? Number(row % 4 === 0) : row < 24 ? 0 : Number(row % 3 > 0), row, row + 1));
  return dataset;
}

/** So many steps on the same 48 rows, in windows of batches of these sizes. */
function steps(training: Training, sizes: readonly number[], count: number, track = false): readonly StepReport[] {
  const { dataset, stepper, optimizer } = training;
  const rows = dataset.splits.train;
  const all = (rows as SyntheticDataset["splits"]["train"]).values;
  const parts = (from: number): RowValues[] => {
    let start = from;
    return sizes.map((size) => {
      const indices = Uint32Array.from({ length: size }, (_, i) => (start + i) % 48);
      start += size;
      return pickRows(all, indices);
    });
  };
  const window = (from: number) => parts(from).map((values) => () => makeBatch(dataset, values));
  return Array.from({ length: count }, (_, step) => {
    const moment = { step, epoch: 0, rate: optimizer.learningRate, track };
    const further = Array.from({ length: training.phase.draws }, (__, draw) => window(16 * (draw + 1)));
    return inTensorScope(() => stepper.runWindow(window(0), moment, further));
  });
}

function valuesOf({ everything }: Training): readonly number[] {
  return everything.flatMap(({ values }) => [...values]);
}

const smooth = { model: { trunk: [{ dense: { units: 8, activation: "tanh" } }, { dense: { units: 6, activation: "tanh" } }] } };

/** Largest difference, in units of the largest value. */
function apart(a: readonly number[], b: readonly number[]): number {
  const scale = Math.max(...a.map(Math.abs), ...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN)))) / (scale > 0 ? scale : 1);
}

describe.each(balancerCatalogue.map(({ id }) => id))("a window of batches, with %s", (id) => {
  test("is one big batch, up to rounding: losses, weights, gradients, and where it leads", () => {
    const optimizer = id === "adatask" ? { adagrad: { learningRate: 0.01 } } : { sgd: { learningRate: 0.05, momentum: 0.5 } };
    const changes = { ...smooth, optimizer, balancer: id };
    const [big, window] = [open(changes, uneven()), open(changes, uneven())];
    const start = valuesOf(big);
    const one = steps(big, [48], 3, true);
    const many = steps(window, [12, 12, 20, 4], 3, true);
    one.forEach((report, step) => {
      const other = many[step];
      if (other === undefined) throw new Error("unreachable");
      const numbers = ({ losses, weights, tracked }: StepReport): number[] => [
        ...losses.map((loss) => loss ?? -1),
        ...weights.map((weight) => weight ?? -1),
        ...(tracked !== undefined && "rows" in tracked ? tracked.applied.flatMap((block) => [...(block ?? [])]) : []),
      ];
      expect(apart(numbers(report), numbers(other))).toBeLessThan(2e-4);
      expect(other.status).toBe(report.status);
    });
    const moved = (training: Training) => valuesOf(training).map((value, i) => value - (start[i] ?? 0));
    expect(Math.max(...moved(big).map(Math.abs))).toBeGreaterThan(1e-4);
    expect(apart(moved(big), moved(window))).toBeLessThan(2e-3);
  });
});

/** Steps where a gradient is nearly 0 depend on its last bits under these, whose step is as long for a small gradient as for a large one. */
const optimizers: readonly (readonly [name: string, optimizer: unknown, balancer: string])[] = [
  ["sgd", { sgd: { learningRate: 0.05, weightDecay: 0.01 } }, "mgda"],
  ["momentum", { sgd: { learningRate: 0.05, momentum: 0.9 } }, "uncertainty"],
  ["nesterov", { sgd: { learningRate: 0.05, momentum: 0.9, nesterov: true } }, "equal"],
  ["adam", { adam: { learningRate: 0.01, weightDecay: 0.01, decayed: "all" } }, "pcgrad"],
  ["adamw", { adamw: { learningRate: 0.01 } }, "famo"],
  ["rmsprop", { rmsprop: { learningRate: 0.01 } }, "equal"],
  ["adagrad", { adagrad: { learningRate: 0.01 } }, "mgda"],
  ["adam for each task", { adam: { learningRate: 0.01 } }, "adatask"],
  ["rmsprop for each task", { rmsprop: { learningRate: 0.01 } }, "adatask"],
  ["adagrad for each task", { adagrad: { learningRate: 0.01 } }, "adatask"],
];

test.each(optimizers)("a window of batches moves parameters and ownership as one big batch does, with %s", (_, optimizer, balancer) => {
  const changes = { ...smooth, optimizer, balancer, training: { batchSize: 16, seed: 1, clip: { norm: 0.5 } } };
  const [big, window] = [open(changes, uneven()), open(changes, uneven())];
  const start = valuesOf(big);
  const [one, many] = [steps(big, [48], 6, true), steps(window, [12, 12, 20, 4], 6, true)];
  const moved = (training: Training) => valuesOf(training).map((value, i) => value - (start[i] ?? 0));
  expect(Math.max(...moved(big).map(Math.abs))).toBeGreaterThan(1e-3);
  expect(apart(moved(big), moved(window))).toBeLessThan(2e-3);
  const owned = ({ dominance }: Training) => dominance.accumulated.flatMap((tasks) => tasks.flatMap((au) => [...au]));
  expect(apart(owned(big), owned(window))).toBeLessThan(2e-3);
  one.forEach(({ clipping }, step) => {
    expect(many[step]?.clipping?.clipped).toBe(clipping?.clipped);
    expect(many[step]?.clipping?.norm).toBeCloseTo(clipping?.norm ?? Number.NaN, 4);
  });
  expect(one.some(({ clipping }) => clipping?.clipped === true)).toBe(true);
});

describe("a window of batches", () => {
  test("of one batch is that batch, bit for bit, where every gradient is walked anyhow", () => {
    const changes = { ...smooth, balancer: "mgda" };
    const [plain, window] = [open(changes, uneven()), open(changes, uneven())];
    const rows = Uint32Array.from({ length: 48 }, (_, i) => i);
    const batch = () => makeBatch(plain.dataset, pickRows(uneven().splits.train.values, rows));
    inTensorScope(() => plain.stepper.run(batch(), { step: 0, epoch: 0, rate: 0.01, track: false }));
    inTensorScope(() => window.stepper.runWindow([batch], { step: 0, epoch: 0, rate: 0.01, track: false }));
    expect(valuesOf(window)).toEqual(valuesOf(plain));
  });

  test("looks again at all of its batches, with their own dropout masks, and moves no statistics by it", () => {
    const model = { trunk: [{ dense: { units: 8, activation: "tanh" } }, "batchNormalization", { dropout: { rate: 0.3 } }] };
    // At a rate of 0 what is seen after the step is what was seen before it, if the masks are the same.
    const training = open({ model, optimizer: { sgd: { learningRate: 1e-30 } }, balancer: "famo" }, syntheticDataset({ rows: 48 }));
    const seen: unknown[] = [];
    const { balancer } = training.phase;
    const learn = balancer.learn.bind(balancer);
    balancer.learn = (what, state) => {
      seen.push({ losses: what.losses, looks: what.looks });
      return learn(what, state);
    };
    const statistics = () => training.model.statistics.map(({ variable }) => [...variable.dataSync()]);
    steps(training, [12, 12, 24], 1);
    const { losses, looks } = seen[0] as { losses: readonly number[]; looks: readonly (readonly number[])[] };
    expect(looks).toHaveLength(1);
    looks[0]?.forEach((loss, task) => {
      expect(loss).toBeCloseTo(losses[task] ?? Number.NaN, 6);
    });
    const once = open({ model, optimizer: { sgd: { learningRate: 1e-30 } }, balancer: "equal" }, syntheticDataset({ rows: 48 }));
    const moved = statistics();
    steps(once, [12, 12, 24], 1);
    expect(once.model.statistics.map(({ variable }) => [...variable.dataSync()])).toEqual(moved);
  });

  test("with a bad batch in it is skipped whole, or goes on without the task, as the policy says", () => {
    const spoilt = () => {
      const dataset = syntheticDataset({ rows: 48 });
      dataset.splits.train.values.targets[1]?.fill(Number.NaN, 20, 21);
      return dataset;
    };
    const skipping = open(smooth, spoilt());
    const before = valuesOf(skipping);
    const [skipped] = steps(skipping, [16, 16, 16], 1);
    expect(skipped?.trouble).toMatchObject({ bad: [{ task: 1, what: "loss" }], remedy: { kind: "skip" } });
    expect(valuesOf(skipping)).toEqual(before);
    const dropping = open({ ...smooth, training: { batchSize: 16, seed: 1, onNonFinite: "drop-task" } }, spoilt());
    const [dropped] = steps(dropping, [16, 16, 16], 1);
    expect(dropped?.weights).toEqual([1, undefined]);
    expect(dropped?.trouble?.remedy).toEqual({ kind: "drop", tasks: [1] });
  });

  test("in which a task has no label at all leaves it out", () => {
    const dataset = syntheticDataset({ rows: 48 });
    dataset.splits.train.values.present[1]?.fill(0);
    const [report] = steps(open({ ...smooth, balancer: "mgda" }, dataset), [24, 24], 1);
    expect(report?.losses[1]).toBeUndefined();
    expect(report?.weights).toEqual([1, undefined]);
  });

  test("keeps no tensors", () => {
    const training = open({ ...smooth, balancer: "imtl" }, syntheticDataset({ rows: 48, gaps: true }));
    steps(training, [16, 16, 16], 1);
    const { numTensors } = memory();
    steps(training, [16, 16, 16], 3);
    expect(memory().numTensors).toBe(numTensors);
  });
});

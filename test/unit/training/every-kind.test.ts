import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memory } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { lossNames } from "../../../src/experiment/losses.ts";
import { metricFacts, metricName } from "../../../src/experiment/metrics.ts";
import { experimentSchema, type Experiment } from "../../../src/experiment/schema.ts";
import { taskKindNames, taskKinds } from "../../../src/experiment/task-kinds.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import { readCheckpoint, checkpointPath } from "../../../src/training/checkpoint.ts";
import type { Dataset, RowSource } from "../../../src/training/data/dataset.ts";
import type { LabelCell } from "../../../src/training/data/labels/label.ts";
import { labelColumns } from "../../../src/training/data/labels/label-columns.ts";
import { fitLabels, labelEncoder } from "../../../src/training/data/labels/labels.ts";
import { loadData } from "../../../src/training/data/load.ts";
import { MemorySource } from "../../../src/training/data/memory-source.ts";
import { buildModel } from "../../../src/training/model/build.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import type { Control } from "../../../src/training/recorder.ts";
import { prepareTraining, type Training } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { captureState, restoreState } from "../../../src/training/training-state.ts";
import { train } from "../../../src/training/train.ts";
import { npyOf } from "./data/arrays/npy-bytes.ts";
import { ListRecorder, neverStop } from "./synthetic.ts";

let folder = "";
beforeAll(async () => {
  await startBackend("wasm");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-kinds-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const side = 4;
const pixels = side * side;

/** An image with a bright column and a dark row, and everything that can be asked of it. */
function drawImage(stream: ReturnType<RandomStreams["get"]>): {
  readonly image: number[];
  readonly labels: Readonly<Record<string, LabelCell>>;
} {
  const [column, row, level] = [stream.below(side), stream.below(side), stream.below(4)];
  const image = Array.from({ length: pixels }, (_, i) => {
    const lit = i % side === column ? 1 + level / 2 : 0;
    return (Math.floor(i / side) === row ? -1 : lit) + 0.1 * stream.normal();
  });
  const labels: Record<string, LabelCell> = {
    where: `column ${column}`,
    left: column < 2 ? "yes" : "no",
    marks: [...(column < 2 ? ["left"] : []), ...(row < 2 ? ["up"] : [])],
    bright: ["dark", "dim", "lit", "glaring"][level] ?? null,
    height: row,
    direction: [column - 1.5, row - 1.5],
    ground: Uint8Array.from({ length: pixels }, (_, i) => (Math.floor(i / side) === row ? 1 : i === 0 ? 255 : i % side === column ? 2 : 0)),
  };
  return { image, labels };
}

const everyKind = experimentSchema.parse({
  name: "every-kind",
  data: { file: "images.npz", inputs: ["image"] },
  tasks: {
    where: {
      kind: "classification",
      loss: { "cross-entropy": { labelSmoothing: 0.05, classWeights: "balanced" } },
      metrics: ["accuracy", "balanced-accuracy", "f1", "auc", { top: 2 }, "top3"],
    },
    left: {
      kind: "binary",
      loss: { "binary-cross-entropy": { positiveWeight: "balanced" } },
      metrics: ["auc", "accuracy", "balanced-accuracy", "f1"],
    },
    marks: { kind: "multi-label", metrics: ["f1", "accuracy", "auc"] },
    bright: { kind: "ordinal", classes: ["dark", "dim", "lit", "glaring"], metrics: ["kappa", "mae", "accuracy", "f1"] },
    height: { kind: "regression", loss: { huber: { delta: 2 } }, metrics: ["rmse", "mae", "r2", "spearman"] },
    direction: { kind: "regression", loss: "cosine" },
    ground: { kind: "segmentation", loss: "focal", ignore: 255, metrics: ["miou", "accuracy", "balanced-accuracy", "f1"] },
  },
  model: {
    trunk: [{ conv2d: { filters: 8, kernelSize: 3, padding: "same", activation: "relu" } }],
    heads: Object.fromEntries(
      ["where", "left", "marks", "bright", "height", "direction"].map((id) => [
        id,
        ["flatten", { dense: { units: 16, activation: "relu" } }],
      ]),
    ),
  },
  optimizer: { adam: { learningRate: 0.01 } },
  training: { epochs: 8, batchSize: 16, seed: 3, backend: "wasm" },
  track: { every: 5 },
});

/** Images with their labels, fitted and written as a source of arrays would. */
function imageDataset(experiment: Experiment, rows = { train: 192, validation: 64, test: 64 }): Dataset {
  const stream = new RandomStreams(5).get("images");
  const draw = (count: number) => Array.from({ length: count }, () => drawImage(stream));
  const drawn = { train: draw(rows.train), validation: draw(rows.validation), test: draw(rows.test) };
  const tasks = Object.keys(experiment.tasks).map((id) => {
    const { settings } = labelColumns(experiment, id);
    const shaped = settings.kind === "segmentation" ? { ...settings, shape: [side, side] } : settings;
    const fit = fitLabels(shaped);
    for (const { labels } of drawn.train) fit.add([labels[id] ?? null]);
    const { targets } = fit.finish();
    return { id, targets, encoder: labelEncoder(targets, shaped) };
  });
  const sourceOf = (images: ReturnType<typeof draw>): RowSource => {
    const encoded = tasks.map(({ id, encoder }) => {
      const values = new Float32Array(images.length * encoder.size);
      const present = Uint8Array.from(images, ({ labels }, row) =>
        encoder.encode([labels[id] ?? null], values, row * encoder.size) ? 1 : 0,
      );
      return { values, present };
    });
    return new MemorySource({
      rows: images.length,
      inputs: [Float32Array.from(images.flatMap(({ image }) => image))],
      targets: encoded.map(({ values }) => values),
      present: encoded.map(({ present }) => present),
    });
  };
  return {
    inputs: [{ name: "image", shape: [side, side, 1], features: [] }],
    tasks: tasks.map(({ targets }) => targets),
    splits: { train: sourceOf(drawn.train), validation: sourceOf(drawn.validation), test: sourceOf(drawn.test) },
  };
}

function prepare(experiment: Experiment, dataset: Dataset): Training {
  const streams = new RandomStreams(experiment.training.seed);
  return prepareTraining({ experiment, dataset, streams, model: buildModel(experiment, dataset, streams), backend: "wasm" });
}

function withTasks(tasks: Experiment["tasks"], changes: Partial<Experiment> = {}): Experiment {
  return { ...everyKind, ...changes, tasks };
}

describe("a network with a task of every kind", () => {
  test("learns all of them, and records every metric they ask for", async () => {
    const training = prepare(everyKind, imageDataset(everyKind));
    expect(new Set(training.description.tasks.map(({ kind }) => kind))).toEqual(new Set(taskKindNames));
    const recorder = new ListRecorder();
    const end = await new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder)).run();
    expect(end.kind).toBe("completed");
    expect(recorder.events.filter(({ kind }) => kind === "warning" || kind === "non-finite")).toEqual([]);

    for (const [id, task] of Object.entries(everyKind.tasks)) {
      const names = task.metrics?.map(metricName) ?? ["cosine"];
      for (const name of names) {
        expect(recorder.points.get(`metric/validation/${id}/${name}`)).toHaveLength(8);
        // Ranks are taken of whole splits alone.
        const inTraining = recorder.points.get(`metric/train/${id}/${name}`);
        if (metricFacts(name).ranks === true) expect(inTraining).toBeUndefined();
        else expect(inTraining).toHaveLength(8);
        expect(end.result.metrics.test?.[id]?.[name]).toEqual(expect.any(Number));
      }
    }
    const { where, left, marks, bright, height, direction, ground } = end.result.metrics.test ?? {};
    expect(where?.["accuracy"]).toBeGreaterThan(0.8);
    expect(where?.["top3"]).toBeGreaterThanOrEqual(where?.["top2"] ?? 1);
    expect(left?.["auc"]).toBeGreaterThan(0.9);
    expect(marks?.["f1"]).toBeGreaterThan(0.8);
    expect(bright?.["kappa"]).toBeGreaterThan(0.5);
    expect(height?.["spearman"]).toBeGreaterThan(0.8);
    expect(direction?.["cosine"]).toBeGreaterThan(0.8);
    expect(ground?.["miou"]).toBeGreaterThan(0.6);
    training.model.dispose();
  });

  test("goes on from a checkpoint in the middle of an epoch as if nothing had been", async () => {
    const control = (recorder: ListRecorder, steps: number): Control => ({
      stopRequested: () => recorder.steps >= steps,
      takeCheckpointRequest: () => false,
    });
    const [whole, first, second] = [new ListRecorder(), new ListRecorder(), new ListRecorder()];
    const short = { ...everyKind, training: { ...everyKind.training, epochs: 2 } };
    const dataset = imageDataset(short);
    const uninterrupted = prepare(short, dataset);
    const end = await new TrainingLoop(uninterrupted, whole, neverStop, new CheckpointKeeper(folder, whole)).run();
    const stopped = prepare(short, dataset);
    await new TrainingLoop(stopped, first, control(first, 7), new CheckpointKeeper(folder, first)).run();
    const resumed = prepare(short, dataset);
    await restoreState(resumed, readCheckpoint(checkpointPath(folder, 7)));
    const again = await new TrainingLoop(resumed, second, neverStop, new CheckpointKeeper(folder, second), 7).run();
    expect(again).toEqual(end);
    expect(captureState(resumed, 24).arrays).toEqual(captureState(uninterrupted, 24).arrays);
    expect(second.points.get("metric/train/ground/miou")).toEqual(whole.points.get("metric/train/ground/miou"));
    for (const training of [uninterrupted, stopped, resumed]) training.model.dispose();
  });

  test("keeps no tensor from step to step, nor from an evaluation", async () => {
    const training = prepare(everyKind, imageDataset(everyKind, { train: 64, validation: 16, test: 16 }));
    const recorder = new ListRecorder();
    const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder));
    await loop.step();
    const before = memory().numTensors;
    await loop.run();
    expect(memory().numTensors).toBe(before);
    training.model.dispose();
  });
});

describe("each loss of each kind trains", () => {
  const of: Record<(typeof taskKindNames)[number], string> = {
    classification: "where",
    binary: "left",
    "multi-label": "marks",
    ordinal: "bright",
    regression: "direction",
    segmentation: "ground",
  };
  const cases = taskKindNames.flatMap((kind) => taskKinds[kind].losses.map((loss) => ({ kind, loss })));
  test.each(cases)("$loss of $kind", async ({ kind, loss }) => {
    const id = of[kind];
    const { [id]: own, height } = everyKind.tasks;
    if (own === undefined || height === undefined) throw new Error(`There is no task ${id}.`);
    const { metrics: _, ...task } = own;
    const experiment = withTasks({ [id]: { ...task, loss }, height }, { training: { ...everyKind.training, epochs: 3 } });
    const training = prepare(experiment, imageDataset(experiment, { train: 96, validation: 16, test: 16 }));
    const recorder = new ListRecorder();
    await new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder)).run();
    const losses = (recorder.points.get(`loss/${id}`) ?? []).map(({ values }) => values[0] ?? Number.NaN);
    const mean = (part: readonly number[]): number => part.reduce((sum, value) => sum + value, 0) / part.length;
    expect(losses).toHaveLength(18);
    expect(mean(losses.slice(-6))).toBeLessThan(mean(losses.slice(0, 6)));
    training.model.dispose();
  });
  test("all of them", () => {
    expect(new Set(cases.map(({ loss }) => loss))).toEqual(new Set(lossNames));
  });
});

test("methods that go by the kind of a task take new kinds of classes as classes", () => {
  const seen: string[] = [];
  const [equal] = balancerCatalogue.filter(({ id }) => id === "equal");
  if (equal === undefined) throw new Error("There is no method equal.");
  const dataset = imageDataset(everyKind, { train: 32, validation: 8, test: 8 });
  const streams = new RandomStreams(1);
  const spy = {
    ...equal,
    prepare: (...[options, context]: Parameters<typeof equal.prepare>) => {
      seen.push(...context.kinds);
      return equal.prepare(options, context);
    },
  };
  const model = buildModel(everyKind, dataset, streams);
  prepareTraining({ experiment: everyKind, dataset, streams, model, backend: "wasm", balancer: spy });
  model.dispose();
  expect(seen).toEqual([
    "classification",
    "classification",
    "classification",
    "classification",
    "regression",
    "regression",
    "classification",
  ]);
});

describe("a table with several label columns", () => {
  const experiment = experimentSchema.parse({
    name: "table",
    data: { file: "table.csv", inputs: ["a", "b"] },
    tasks: {
      place: { kind: "regression", columns: ["x", "y"], loss: "gaussian", metrics: ["rmse", "spearman"] },
      tags: { kind: "multi-label", separator: "|", metrics: ["f1", "auc"] },
      marks: { kind: "multi-label", columns: ["up", "right"] },
      size: { kind: "ordinal", classes: ["small", "medium", "large"] },
      late: { kind: "binary" },
    },
    model: { trunk: [{ dense: { units: 16, activation: "tanh" } }] },
    optimizer: { adam: { learningRate: 0.02 } },
    training: { epochs: 12, batchSize: 16, backend: "wasm" },
  });

  function write(): void {
    const stream = new RandomStreams(8).get("rows");
    const rows = Array.from({ length: 240 }, (_, i) => {
      const [a, b] = [stream.normal(), stream.normal()];
      const tags = [...(a > 0 ? ["red"] : []), ...(b > 0 ? ["big"] : [])].join("|");
      const size = a + b < -0.7 ? "small" : a + b > 0.7 ? "large" : "medium";
      const cells = [
        a,
        b,
        10 + 5 * a,
        i % 9 === 0 ? "" : 100 * b,
        tags === "" ? "|" : tags,
        b > 0 ? 1 : 0,
        i % 7 === 0 ? "" : a > 0,
        size,
        a > b ? 1 : 0,
      ];
      return cells.join(",");
    });
    writeFileSync(join(folder, "table.csv"), ["a,b,x,y,tags,up,right,size,late", ...rows].join("\n"));
  }

  test("is read, trained on and measured", async () => {
    write();
    const dataset = await loadData(experiment, folder);
    expect(dataset.tasks.map(({ kind, classes, shape }) => ({ kind, classes, shape }))).toEqual([
      { kind: "regression", classes: [], shape: [2] },
      { kind: "multi-label", classes: ["big", "red"], shape: [2] },
      { kind: "multi-label", classes: ["up", "right"], shape: [2] },
      { kind: "ordinal", classes: ["small", "medium", "large"], shape: [] },
      { kind: "binary", classes: ["0", "1"], shape: [] },
    ]);
    const recorder = new ListRecorder();
    const end = await train({ experiment, baseFolder: folder, checkpointFolder: join(folder, "checkpoints") }, recorder, neverStop);
    const { place, tags, marks, size, late } = end.result.metrics.test ?? {};
    expect(place?.["spearman"]).toBeGreaterThan(0.9);
    expect(tags?.["auc"]).toBeGreaterThan(0.9);
    expect(marks?.["f1"]).toBeGreaterThan(0.85);
    expect(size?.["kappa"]).toBeGreaterThan(0.7);
    expect(late?.["auc"]).toBeGreaterThan(0.95);
    expect(recorder.description?.tasks[3]).toEqual({
      id: "size",
      kind: "ordinal",
      headlineMetric: "kappa",
      metrics: [
        { name: "kappa", better: "higher", unit: "plain" },
        { name: "mae", better: "lower", unit: "plain" },
      ],
      classes: ["small", "medium", "large"],
    });
  });
});

describe("arrays with labels along further axes", () => {
  test("a class for each pixel, marks and vectors are read, trained on and measured", async () => {
    const stream = new RandomStreams(9).get("images");
    const drawn = Array.from({ length: 120 }, () => drawImage(stream));
    const write = (name: string, shape: readonly number[], values: Uint8Array | Float32Array): void => {
      writeFileSync(join(folder, name), npyOf([drawn.length, ...shape], values));
    };
    write("image.npy", [side, side], Float32Array.from(drawn.flatMap(({ image }) => image)));
    const { ground, direction, marks } = {
      ground: drawn.flatMap(({ labels }) => listOf(labels["ground"])),
      direction: drawn.flatMap(({ labels }) => listOf(labels["direction"])),
      marks: drawn.flatMap(({ labels }) => ["left", "up"].map((name) => (namesOf(labels["marks"]).includes(name) ? 1 : 0))),
    };
    write("ground.npy", [side, side], Uint8Array.from(ground));
    write("direction.npy", [2], Float32Array.from(direction));
    write("marks.npy", [2], Uint8Array.from(marks));
    const experiment = experimentSchema.parse({
      ...everyKind,
      data: {
        arrays: { image: "image.npy", ground: "ground.npy", direction: "direction.npy", marks: "marks.npy" },
        inputs: ["image"],
      },
      tasks: {
        ground: { kind: "segmentation", ignore: 255, classes: ["empty", "row", "column"] },
        direction: { kind: "regression", loss: "cosine" },
        marks: { kind: "multi-label", classes: ["left", "up"] },
      },
      model: {
        trunk: [{ conv2d: { filters: 8, kernelSize: 3, padding: "same", activation: "relu" } }],
        heads: { ground: [], direction: ["flatten"], marks: ["flatten"] },
      },
      training: { epochs: 12, batchSize: 8, backend: "wasm" },
    });
    const recorder = new ListRecorder();
    const end = await train({ experiment, baseFolder: folder, checkpointFolder: join(folder, "checkpoints") }, recorder, neverStop);
    expect(recorder.description?.tasks.map(({ classes }) => classes)).toEqual([["empty", "row", "column"], [], ["left", "up"]]);
    expect(end.result.metrics.test?.["ground"]?.["miou"]).toBeGreaterThan(0.6);
    expect(end.result.metrics.test?.["direction"]?.["cosine"]).toBeGreaterThan(0.8);
    expect(end.result.metrics.test?.["marks"]?.["f1"]).toBeGreaterThan(0.8);
  });

  test("a head that leaves the pixels is told what to do", async () => {
    const experiment = withTasks(
      { ground: { kind: "segmentation" } },
      { model: { trunk: [{ maxPooling2d: { poolSize: 2 } }], heads: { ground: [] } } },
    );
    const dataset = imageDataset(withTasks({ ground: { kind: "segmentation", ignore: 255 } }), { train: 16, validation: 8, test: 8 });
    expect(() => buildModel(experiment, dataset, new RandomStreams(1))).toThrow(
      expect.objectContaining({
        code: "MTL407",
        message: expect.stringContaining("its 4 × 4 pixels, [4, 4, channels], but gets [2, 2, 1]") as string,
      }) as Error,
    );
  });
});

function listOf(cell: LabelCell | undefined): readonly number[] {
  if (typeof cell !== "object" || cell === null) throw new TypeError("No list.");
  return Array.from<string | number | null>(cell).map(Number);
}

function namesOf(cell: LabelCell | undefined): readonly string[] {
  if (typeof cell !== "object" || cell === null) throw new TypeError("No list.");
  return Array.from<string | number | null>(cell).map(String);
}

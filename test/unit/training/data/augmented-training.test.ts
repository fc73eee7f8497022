import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { RandomStream } from "../../../../src/balancers/kernels/random-stream.ts";
import { bundledDigits, loadData } from "../../../../src/training/data/load.ts";
import { inspectData } from "../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../src/training/data/tables/prefix.ts";
import { readDigits } from "../../../../src/training/data/multi-mnist.ts";
import { train, type TrainingRequest } from "../../../../src/training/train.ts";
import { arrayExperiment } from "./arrays/array-experiment.ts";
import { npyOf, zipOf } from "./arrays/npy-bytes.ts";
import { containing } from "./containing.ts";
import { temporaryFolder } from "./folder.ts";
import { labelFile, writePhotos } from "./images/digit-photos.ts";
import { onEachBackend } from "../each-backend.ts";
import { ListRecorder, neverStop } from "../synthetic.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const count = 120;
beforeAll(async () => {
  const digits = await readDigits(bundledDigits());
  const chosen = Array.from({ length: count }, (_, i) => (i * 83) % digits.count);
  const images = Uint8Array.from(chosen.flatMap((digit) => [...digits.pixels.subarray(digit * 784, (digit + 1) * 784)]));
  const ink = images.map((value) => (value > 127 ? 1 : 0));
  const members = {
    image: npyOf([count, 28, 28], images),
    digit: npyOf(
      [count],
      Uint8Array.from(chosen, (digit) => digits.labels[digit] ?? 0),
    ),
    ink: npyOf([count, 28, 28], ink),
    small: npyOf(
      [count, 14, 14],
      ink.filter((_, i) => i % 2 === 0 && Math.floor(i / 28) % 2 === 0),
    ),
  };
  folder.write("digits.npz", zipOf(Object.entries(members).map(([name, bytes]) => ({ name: `${name}.npy`, bytes, deflated: true }))));
  const photos = await writePhotos(join(folder.path, "photos"), count);
  folder.write("labels.csv", labelFile(photos));
});

const augment = { flip: "horizontal", shift: 2, rotate: 10, zoom: 0.1, brightness: 0.2, contrast: 0.2, noise: 0.05, dropout: 0.02 };
const model = {
  trunk: [
    { conv2d: { filters: 4, kernelSize: 5, strides: 2, activation: "relu" } },
    "flatten",
    { dropout: { rate: 0.2 } },
    { dense: { units: 8 } },
  ],
};

interface Form {
  readonly data: Readonly<Record<string, unknown>>;
  readonly tasks: Parameters<typeof arrayExperiment>[1];
}

const photos = { folder: "photos", labels: "labels.csv", image: { column: "file", size: [28, 28], channels: 1 }, memory: 1 };

/** Arrays in memory, and images that are decoded as they are needed, each changed in its own way. */
function sources(schedule: unknown): Form {
  const arrays = { file: "digits.npz", inputs: ["image"], augment, tasks: ["digit"] };
  const folder = { ...photos, augment: { flip: "vertical", noise: 0.2 }, tasks: ["ink"] };
  return {
    data: { sources: { arrays, folder }, schedule },
    tasks: { digit: { kind: "classification" }, ink: { kind: "regression" } },
  };
}

const forms: Readonly<Record<string, Form>> = {
  "mixed sources": sources({ batches: "mixed", shares: "root" }),
  "sources in turns": sources("alternate"),
  "sources by chance": sources({ batches: "alternate", order: "random", shares: "rows" }),
  arrays: {
    data: { file: "digits.npz", inputs: ["image"] },
    tasks: { digit: { kind: "classification" }, more: { column: "digit", kind: "regression" } },
  },
  folder: {
    data: photos,
    tasks: { digit: { kind: "classification" }, ink: { kind: "regression" } },
  },
};

function request(form: string, name: string, backend: string, resumeFrom?: string): TrainingRequest {
  const { data = {}, tasks } = forms[form] ?? {};
  const changed = "sources" in data ? data : { ...data, augment };
  const checkpointFolder = join(folder.path, name);
  return {
    experiment: arrayExperiment(changed, tasks, { model, training: { epochs: 3, batchSize: 16, backend } }),
    baseFolder: folder.path,
    checkpointFolder,
    ...(resumeFrom === undefined ? {} : { resumeFrom: join(checkpointFolder, resumeFrom) }),
  };
}

onEachBackend((backend) => {
  test.each(Object.keys(forms))(
    "a training on %s with everything by chance goes on from a checkpoint as if it had not stopped",
    async (form) => {
      const whole = new ListRecorder();
      const end = await train(request(form, `whole ${form} ${backend}`, backend), whole, neverStop);
      const parts = `parts ${form} ${backend}`;
      const first = new ListRecorder();
      await train(request(form, parts, backend), first, { stopRequested: () => first.steps === 8, takeCheckpointRequest: () => false });
      const second = new ListRecorder();
      expect(await train(request(form, parts, backend, "step-8"), second, neverStop)).toEqual(end);
      const joined = Object.fromEntries(
        Object.keys(whole.numbers()).map((name) => [name, [...(first.points.get(name) ?? []), ...(second.points.get(name) ?? [])]]),
      );
      expect(joined).toEqual(whole.numbers());
    },
  );
});

test("Rows of tables and of the bundled digits are augmented too, but no number of a category", async () => {
  const lines = Array.from({ length: 40 }, (_, i) => `${i},${i % 7},${"abc"[i % 3] ?? ""},${2 * i}`);
  folder.write("table.csv", ["x,z,kind,y", ...lines].join("\n"));
  const table = { file: "table.csv", inputs: { x: ["x"], mixed: [{ column: "kind", encode: "embedding" }, "z"] }, augment: { noise: 0.1 } };
  const { splits, augment: change } = await loadData(arrayExperiment(table, { y: { kind: "regression" } }), folder.path);
  for await (const values of splits.train.scan(100)) {
    const { inputs } = change?.(values, RandomStream.seeded(1, "augmentation")) ?? values;
    const moved = inputs.map((numbers, input) => [...numbers.keys()].filter((i) => numbers[i] !== values.inputs[input]?.[i]));
    // The numbers of the categories stand behind the quantities.
    expect(moved).toEqual([[...Array(values.rows).keys()], [...Array(values.rows).keys()].map((row) => 2 * row)]);
  }
  const digits = { dataset: "multi-mnist", augment: { shift: 27 } };
  const { splits: composed, augment: shift } = await loadData(arrayExperiment(digits, { left: { kind: "classification" } }), folder.path);
  for await (const values of composed.test.scan(1)) {
    const { inputs } = shift?.(values, RandomStream.seeded(1, "augmentation")) ?? values;
    expect(Math.min(...(inputs[0] ?? []))).toBeCloseTo(-0.1307 / 0.3081, 5);
    expect(inputs[0]).not.toEqual(values.inputs[0]);
    break;
  }
});

test("Augmentation changes training rows alone", async () => {
  const { data = {}, tasks } = forms["arrays"] ?? {};
  const [plain, changed] = [
    await loadData(arrayExperiment(data, tasks), folder.path),
    await loadData(arrayExperiment({ ...data, augment }, tasks), folder.path),
  ];
  expect([plain.augment, typeof changed.augment]).toEqual([undefined, "function"]);
  for (const split of ["train", "validation", "test"] as const) {
    const [one, other] = [plain.splits[split].scan(200), changed.splits[split].scan(200)];
    for await (const values of one) {
      for await (const again of other) expect(again).toEqual(values);
    }
  }
});

test.each<[string, Readonly<Record<string, unknown>>, Parameters<typeof arrayExperiment>[1], object]>([
  [
    "an input that is no image",
    { inputs: [{ array: "image", as: "sequence" }], augment: { flip: "vertical" } },
    undefined,
    { path: ["data", "augment", "flip"], message: containing('"flip" changes images') },
  ],
  ["a shift out of sight", { augment: { shift: 28 } }, undefined, { path: ["data", "augment", "shift"], message: containing("28 × 28") }],
  [
    "a mask of another size",
    { augment: { shift: 2 } },
    { small: { kind: "segmentation" } },
    { path: ["data", "augment"], message: containing('task "small" (14 × 14)') },
  ],
])("%s cannot be augmented, which is told before and at training", async (_, data, tasks, expected) => {
  const experiment = arrayExperiment({ file: "digits.npz", inputs: ["image"], ...data }, tasks);
  await expect(loadData(experiment, folder.path)).rejects.toMatchObject({ code: "MTL365", ...expected });
  const { facts } = await inspectData(experiment, folder.path, new PrefixCache(), true);
  expect(facts.problems).toMatchObject([{ code: "MTL365", ...expected }]);
});

test("Masks of the image's size are moved with it", async () => {
  const experiment = arrayExperiment(
    { file: "digits.npz", inputs: ["image"], scale: "none", augment: { flip: "both", shift: 3 } },
    { ink: { kind: "segmentation" } },
  );
  const { splits, augment: change } = await loadData(experiment, folder.path);
  for await (const values of splits.test.scan(200)) {
    const { inputs, targets } = change?.(values, RandomStream.seeded(1, "augmentation")) ?? values;
    const wrong = inputs[0]?.findIndex((value, i) => !Number.isNaN(targets[0]?.[i] ?? NaN) && (value > 127 ? 1 : 0) !== targets[0]?.[i]);
    expect(wrong).toBe(-1);
    expect(targets[0]?.some(Number.isNaN)).toBe(true);
  }
});

import { afterAll, describe, expect, test } from "vitest";

import type { Experiment } from "../../../../../src/experiment/schema.ts";
import { RandomStream } from "../../../../../src/balancers/kernels/random-stream.ts";
import { DataError } from "../../../../../src/training/data/data-error.ts";
import type { Dataset, RowValues } from "../../../../../src/training/data/dataset.ts";
import { inspectData } from "../../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../../src/training/data/tables/prefix.ts";
import { loadData } from "../../../../../src/training/data/load.ts";
import { numberDtype } from "../../../../../src/training/data/arrays/dtype.ts";
import { measureScale, standardScaling, writeScaled, type NumberRows } from "../../../../../src/training/data/arrays/scaling.ts";
import { containing } from "../containing.ts";
import { temporaryFolder } from "../folder.ts";
import { arrayExperiment } from "./array-experiment.ts";
import { npyOf, npyWith, zipOf } from "./npy-bytes.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const rows = 20;
/** Pixel p of image r is 10 r + p. */
const images = Uint8Array.from({ length: rows * 4 }, (_, i) => 10 * Math.floor(i / 4) + (i % 4));
const digits = Int32Array.from({ length: rows }, (_, i) => i % 2);
const sizes = Float32Array.from({ length: rows }, (_, i) => (i === 3 ? Number.NaN : i));
const arrays: Readonly<Record<string, Uint8Array>> = {
  image: npyOf([rows, 2, 2], images),
  digit: npyOf([rows], digits),
  size: npyOf([rows, 1], sizes),
};

function archive(members: Readonly<Record<string, Uint8Array>>): string {
  return folder.write("a.npz", zipOf(Object.entries(members).map(([name, bytes]) => ({ name: `${name}.npy`, bytes, deflated: true }))));
}

async function load(
  changes: Readonly<Record<string, Uint8Array>> = {},
  data: Readonly<Record<string, unknown>> = {},
  tasks?: Parameters<typeof arrayExperiment>[1],
): Promise<Dataset> {
  return await loadData(arrayExperiment({ file: archive({ ...arrays, ...changes }), inputs: ["image"], ...data }, tasks), folder.path);
}

async function scanned(dataset: Dataset, split: "train" | "validation" | "test" = "train"): Promise<RowValues> {
  for await (const values of dataset.splits[split].scan(1000)) return values;
  throw new Error("The split is empty.");
}

async function inspect(experiment: Experiment, trusted = true) {
  return await inspectData(experiment, folder.path, new PrefixCache(), trusted);
}

describe("arrays become rows", () => {
  test("with the channel axis that images lack, split and labelled like a table", async () => {
    const dataset = await load({}, { scale: "none" }, { digit: { kind: "classification" }, size: { kind: "regression" } });
    expect(dataset.inputs).toEqual([{ name: "image", shape: [2, 2, 1], features: [], black: [0] }]);
    expect(dataset.tasks).toMatchObject([
      { id: "digit", classes: ["0", "1"] },
      { id: "size", classes: [] },
    ]);
    const seen = new Set<number>();
    for (const split of ["train", "validation", "test"] as const) {
      const { rows: count, inputs, targets, present } = await scanned(dataset, split);
      expect(count).toBe(split === "train" ? 14 : 3);
      for (let position = 0; position < count; position++) {
        const [first = 0, ...others] = inputs[0]?.subarray(4 * position, 4 * position + 4) ?? [];
        const row = first / 10;
        seen.add(row);
        expect(others).toEqual([first + 1, first + 2, first + 3]);
        expect(targets[0]?.[position]).toBe(row % 2);
        expect(present[1]?.[position]).toBe(row === 3 ? 0 : 1);
      }
    }
    expect(seen.size).toBe(rows);
  });

  test("from files of their own too, named by the experiment", async () => {
    folder.write("pictures.npy", arrays["image"] ?? "");
    folder.write("labels.npy", arrays["digit"] ?? "");
    const data = { arrays: { image: "pictures.npy", digit: "labels.npy" }, inputs: ["image"], scale: "none" };
    const dataset = await loadData(arrayExperiment(data), folder.path);
    expect(await scanned(dataset)).toEqual(await scanned(await load({}, { scale: "none" })));
  });

  test("of texts are classes, and an empty one is a missing label", async () => {
    const names = Buffer.alloc(rows * 3);
    digits.forEach((digit, row) => names.write(row === 5 ? "" : (["cat", "dog"][digit] ?? ""), 3 * row));
    const digit = npyWith(`{'descr': '|S3', 'fortran_order': False, 'shape': (${rows},), }`, names);
    const dataset = await load({ digit });
    expect(dataset.tasks[0]?.classes).toEqual(["cat", "dog"]);
    expect(dataset.splits.train.count).toBe(13);
  });

  test("with a further axis are labels of several numbers", async () => {
    const vector = npyOf(
      [rows, 3],
      Float32Array.from({ length: rows * 3 }, (_, i) => i ** 2),
    );
    const dataset = await load({ vector }, {}, { vector: { kind: "regression" } });
    expect(dataset.tasks).toMatchObject([{ id: "vector", shape: [3] }]);
    expect((await scanned(dataset)).targets.map(({ length }) => length)).toEqual([14 * 3]);
  });

  test("with a class for each pixel are labels of a segmentation", async () => {
    const mask = npyOf(
      [rows, 2, 2],
      Uint8Array.from({ length: rows * 4 }, (_, i) => i % 3),
    );
    const dataset = await load({ mask }, { scale: "none" }, { mask: { kind: "segmentation", ignore: 2 } });
    expect(dataset.tasks).toMatchObject([{ id: "mask", classes: ["0", "1"], shape: [2, 2] }]);
    const { inputs, targets } = await scanned(dataset);
    targets[0]?.forEach((label, i) => {
      const row = Math.floor((inputs[0]?.[4 * Math.floor(i / 4)] ?? 0) / 10);
      const value = (4 * row + (i % 4)) % 3;
      expect(label).toBe(value === 2 ? Number.NaN : value);
    });
  });

  test("each an input of its own, as images, sequences or features", async () => {
    const more = {
      signal: npyOf([rows, 5, 2], new Float32Array(rows * 10)),
      x: npyOf([rows, 7], new Float32Array(rows * 7)),
      y: arrays["size"] ?? Buffer.of(),
    };
    const inputs = ["image", { array: "signal", as: "sequence" }, "x", { array: "digit", scale: "none" }];
    const dataset = await load(more, { inputs }, { y: { kind: "regression" } });
    expect(dataset.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ["image", [2, 2, 1]],
      ["signal", [5, 2]],
      ["x", [7]],
      ["digit", [1]],
    ]);
  });
});

describe("the order of batches", () => {
  test("is another in every epoch, holds every row, and goes on where it was saved", async () => {
    const { splits } = await load({}, { scale: "none" });
    const firstPixels = async (epochs: number, feed: ReturnType<typeof splits.train.feed>): Promise<number[]> => {
      const found: number[] = [];
      for (let batch = 0; batch < epochs * feed.batches; batch++) {
        const { inputs, rows: count } = await feed.next();
        for (let row = 0; row < count; row++) found.push(inputs[0]?.[4 * row] ?? Number.NaN);
      }
      return found;
    };
    const stream = RandomStream.seeded(1, "batches");
    const feed = splits.train.feed({ batchSize: 4, stream });
    expect(feed.batches).toBe(4);
    const [one, two] = [await firstPixels(1, feed), await firstPixels(1, feed)];
    expect(two).not.toEqual(one);
    expect(two.toSorted()).toEqual(one.toSorted());
    await feed.next();
    const [state, drawn] = [feed.save(), stream.save()];
    const expected = await firstPixels(2, feed);
    const again = RandomStream.seeded(9, "other");
    const other = splits.train.feed({ batchSize: 4, stream: again });
    again.restore(drawn);
    await other.restore(state);
    expect(await firstPixels(2, other)).toEqual(expected);
  });
});

describe("scale", () => {
  const moments = (values: Float32Array): readonly [mean: number, deviation: number] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
  };

  test("standard, the default, gives each channel mean 0 and deviation 1 over the training rows alone", async () => {
    const colours = npyOf(
      [rows, 2, 1, 3],
      Float32Array.from({ length: rows * 6 }, (_, i) => (i % 3) * 1000 + (i % 3 === 2 ? 5 : Math.floor(i / 3) ** 2)),
    );
    const dataset = await load({ image: colours });
    const [train, test_] = [await scanned(dataset), await scanned(dataset, "test")];
    for (const channel of [0, 1, 2]) {
      const [mean, deviation] = moments((train.inputs[0] ?? new Float32Array()).filter((_, i) => i % 3 === channel));
      expect(mean).toBeCloseTo(0, 5);
      expect(deviation).toBeCloseTo(channel === 2 ? 0 : 1, 5);
    }
    expect(Math.abs(moments(test_.inputs[0] ?? new Float32Array())[0])).toBeGreaterThan(1e-3);
  });

  test("standard holds for numbers that are far from 0 and near each other", () => {
    const numbers: NumberRows = {
      values: Float64Array.from({ length: 90 }, (_, i) => 1e15 + i),
      dtype: numberDtype("float64", false),
      width: 1,
      channels: 1,
    };
    const all = Uint32Array.from({ length: 90 }, (_, i) => i);
    const scaling = standardScaling(measureScale("standard", numbers, all));
    const scaled = new Float32Array(90);
    for (const row of all) writeScaled(numbers, row, scaling, scaled, row);
    expect(scaled.reduce((sum, value) => sum + value, 0) / 90).toBeCloseTo(0, 2);
    expect(scaled.reduce((sum, value) => sum + value * value, 0) / 90).toBeCloseTo(1, 3);
  });

  test("unit divides bytes by 255, and other numbers by their range in training", async () => {
    const bytes = await scanned(await load({}, { scale: "unit" }));
    const raw = await scanned(await load({}, { scale: "none" }));
    bytes.inputs[0]?.forEach((value, i) => expect(value).toBeCloseTo((raw.inputs[0]?.[i] ?? 0) / 255, 6));
    const image = npyOf(
      [rows, 2, 2],
      Float32Array.from(images, (value) => 3 * value - 100),
    );
    const { inputs } = await scanned(await load({ image }, { scale: "unit" }));
    expect([Math.min(...(inputs[0] ?? [])), Math.max(...(inputs[0] ?? []))]).toEqual([0, 1]);
  });
});

describe("what does not fit is told with file, array and row, alike before and at training", () => {
  const float = (change: (values: Float32Array) => void): Buffer => {
    const values = Float32Array.from(images);
    change(values);
    return npyOf([rows, 2, 2], values);
  };

  test.each<
    [string, Readonly<Record<string, Uint8Array>>, Readonly<Record<string, unknown>>, Parameters<typeof arrayExperiment>[1], object]
  >([
    [
      "an unknown input",
      {},
      { inputs: ["imgae"] },
      undefined,
      { code: "MTL344", path: ["data", "inputs", 0], message: containing('Did you mean "image"? There are: image, digit, size') },
    ],
    [
      "an unknown label",
      {},
      {},
      { d: { column: "digits", kind: "classification" } },
      { code: "MTL344", path: ["tasks", "d", "column"], message: containing('Did you mean "digit"?') },
    ],
    [
      "another number of rows",
      { digit: npyOf([3], Int32Array.of(1, 2, 3)) },
      {},
      undefined,
      {
        code: "MTL348",
        path: ["tasks", "digit"],
        message: containing('"image" in "a.npz" has 20 rows (entries of the first axis), and "digit" in "a.npz" has 3'),
      },
    ],
    [
      "texts as input",
      { image: npyWith(`{'descr': '|S1', 'fortran_order': False, 'shape': (${rows},), }`, Buffer.alloc(rows)) },
      {},
      undefined,
      { code: "MTL341", path: ["data", "inputs", 0] },
    ],
    [
      "one value as input",
      { image: npyOf([], Float32Array.of(1)) },
      {},
      undefined,
      { code: "MTL345", message: containing("single value") },
    ],
    [
      "empty rows",
      { image: npyOf([rows, 0, 2], new Float32Array(0)) },
      {},
      undefined,
      { code: "MTL345", message: containing("(20, 0, 2)") },
    ],
    [
      "images without height",
      {},
      { inputs: [{ array: "size", as: "image" }] },
      undefined,
      { code: "MTL345", path: ["data", "inputs", 0, "array"] },
    ],
    [
      "a list where a class belongs",
      { digit: arrays["image"] ?? Buffer.of() },
      {},
      undefined,
      { code: "MTL354", path: ["tasks", "digit"], message: containing("row 0 (counted from 0)") },
    ],
    [
      "a class that no training row has",
      {
        digit: npyOf(
          [rows],
          digits.map((digit, row) => (row === 7 ? 8 : digit)),
        ),
      },
      { split: { seed: 0 } },
      undefined,
      { code: "MTL318", row: 8, message: containing("row 7 (counted from 0)") },
    ],
    [
      "a mask of a class that is none",
      {
        mask: npyOf(
          [rows, 2, 2],
          Uint8Array.from(images, (_, i) => (i === 21 ? 9 : i % 2)),
        ),
      },
      {},
      { mask: { kind: "segmentation", classes: ["sky", "land"] } },
      { code: "MTL352", row: 6, message: containing("row 5 (counted from 0)") },
    ],
    [
      "an object array",
      { image: npyWith(`{'descr': '|O', 'fortran_order': False, 'shape': (${rows},), }`, images) },
      {},
      undefined,
      { code: "MTL341", column: "image" },
    ],
    ["a damaged label array", { digit: npyWith("{}", digits) }, {}, undefined, { code: "MTL340", column: "digit" }],
    [
      "too few rows",
      { image: npyOf([2, 2, 2], images.slice(0, 8)), digit: npyOf([2], digits.slice(0, 2)) },
      {},
      undefined,
      { code: "MTL319" },
    ],
  ])("%s", async (_, changes, data, tasks, expected) => {
    const experiment = arrayExperiment({ file: archive({ ...arrays, ...changes }), inputs: ["image"], ...data }, tasks);
    await expect(loadData(experiment, folder.path)).rejects.toMatchObject(expected);
    const error = await loadData(experiment, folder.path).catch((reason: unknown) => reason);
    if (!(error instanceof DataError)) throw error;
    const { facts, shape } = await inspect(experiment);
    expect(shape).toBeUndefined();
    expect(facts.problems).toEqual([{ code: error.code, path: error.path, message: error.message }]);
  });

  test.each<[string, Buffer, object]>([
    [
      "an input that is not a number",
      float((values) => (values[4 * 7 + 2] = Number.NaN)),
      {
        code: "MTL346",
        path: ["data", "inputs", 0],
        column: "image",
        row: 8,
        message: containing("not a number (NaN) at index [7, 1, 0]"),
      },
    ],
    ["an infinite input", float((values) => (values[4 * 7] = -Infinity)), { code: "MTL346", message: containing("infinite") }],
  ])("%s, when it is read", async (_, image, expected) => {
    await expect(load({ image })).rejects.toMatchObject(expected);
  });

  test("more than data.memory", async () => {
    const image = npyOf([rows, 300, 300], new Uint8Array(rows * 90_000));
    await expect(load({ image }, { memory: 1 })).rejects.toMatchObject({
      code: "MTL342",
      column: "image",
      message: containing("2 MiB of memory, and 1 MiB are allowed"),
    });
  });
});

describe("before training", () => {
  test("the names, shapes and counts of all arrays are known, without reading the images", async () => {
    // Only the header is right: whoever reads on would fail.
    const image = npyWith(`{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, 2, 2), }`, images);
    const broken = zipOf([
      { name: "image.npy", bytes: image, lie: { crc: 1 } },
      { name: "digit.npy", bytes: arrays["digit"] ?? Buffer.of() },
      { name: "names.npy", bytes: npyWith("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", images) },
    ]);
    const { facts, shape } = await inspect(arrayExperiment({ file: folder.write("b.npz", broken), inputs: ["image"] }));
    expect(facts).toEqual({
      columns: [
        { name: "image", type: "number", missing: 0, distinct: 0, shape: [rows, 2, 2] },
        { name: "digit", type: "number", missing: 0, distinct: 2, shape: [rows] },
        { name: "names", type: "empty", missing: 0, distinct: 0 },
      ],
      rows: { train: 14, validation: 3, test: 3 },
      problems: [],
    });
    expect(shape?.inputs).toEqual([{ name: "image", shape: [2, 2, 1], features: [] }]);
  });

  test("small inputs are read, and of large ones it is told that they were not", async () => {
    const numbers = (size: number): Float32Array => new Float32Array(rows * size).fill(1).fill(Number.NaN, 7, 8);
    const asked = async (size: number) => {
      const file = archive({ ...arrays, signal: npyOf([rows, size], numbers(size)) });
      return (await inspect(arrayExperiment({ file, inputs: ["signal"] }))).facts.problems;
    };
    expect(await asked(4)).toMatchObject([
      { code: "MTL346", path: ["data", "inputs", 0], message: containing("not a number (NaN) at index [1, 3]") },
    ]);
    expect(await asked(2 ** 16)).toMatchObject([{ code: "MTL333", severity: "information", message: containing("its header alone") }]);
  });

  test("a file on another computer is not asked for in a workspace that is not trusted", async () => {
    const away = { arrays: { image: "//server/share/x.npy", digit: "labels.npy" }, inputs: ["image"] };
    const { facts } = await inspect(arrayExperiment(away), false);
    expect(facts.problems).toMatchObject([{ code: "MTL321", path: ["data", "arrays", "image"] }]);
  });
});

import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { RandomStream } from "../../../../../src/balancers/kernels/random-stream.ts";
import { DataError } from "../../../../../src/training/data/data-error.ts";
import type { BatchFeed, Dataset, RowValues } from "../../../../../src/training/data/dataset.ts";
import { inspectData } from "../../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../../src/training/data/tables/prefix.ts";
import { loadData } from "../../../../../src/training/data/load.ts";
import { containing } from "../containing.ts";
import { arrayExperiment as experimentOn } from "../arrays/array-experiment.ts";
import { temporaryFolder } from "../folder.ts";
import { labelFile, writePhotos, type Photo } from "./digit-photos.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const count = 60;
let photos: readonly Photo[] = [];
beforeAll(async () => {
  photos = await writePhotos(join(folder.path, "photos"), count);
  folder.write("labels.csv", labelFile(photos));
});

const image = { column: "file", size: [28, 28], channels: 1 };
const tasks = { digit: { kind: "classification" }, ink: { kind: "regression" } };

function folderExperiment(data: Readonly<Record<string, unknown>> = {}, own: Parameters<typeof experimentOn>[1] = tasks) {
  return experimentOn({ folder: "photos", labels: "labels.csv", image, scale: "none", ...data }, own);
}

async function load(data: Readonly<Record<string, unknown>> = {}, own?: Parameters<typeof experimentOn>[1]): Promise<Dataset> {
  const dataset = await loadData(folderExperiment(data, own), folder.path);
  onTestFinished(async () => await dataset.close?.());
  return dataset;
}

/** The rows of a split one by one: pixels, class, ink. */
async function rowsOf(source: AsyncIterable<RowValues>, width = 28 * 28) {
  const rows: { pixels: Float32Array; digit: number; ink: number }[] = [];
  for await (const { rows: some, inputs, targets } of source) {
    for (let i = 0; i < some; i++) {
      rows.push({
        pixels: inputs[0]?.slice(i * width, (i + 1) * width) ?? new Float32Array(),
        digit: targets[0]?.[i] ?? NaN,
        ink: targets[1]?.[i] ?? NaN,
      });
    }
  }
  return rows;
}

/** The photo that has these pixels, up to what jpeg changes. */
function photoOf(pixels: Float32Array): number {
  const distances = photos.map((photo) => photo.pixels.reduce((sum, value, i) => sum + Math.abs(value - (pixels[i] ?? 0)), 0) / 784);
  const best = distances.indexOf(Math.min(...distances));
  expect(distances[best]).toBeLessThan(best % 2 === 0 ? 1e-6 : 6);
  return best;
}

async function nextRows(feed: BatchFeed, batches: number): Promise<number[]> {
  const found: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const { rows, inputs } = await feed.next();
    for (let i = 0; i < rows; i++) found.push(photoOf(inputs[0]?.subarray(i * 784, (i + 1) * 784) ?? new Float32Array()));
  }
  return found;
}

describe("a folder of images becomes rows", () => {
  test("with the pixels of its files and the labels of its table, each row in one split", async () => {
    const { inputs, tasks: targets, splits } = await load();
    expect(inputs).toEqual([{ name: "image", shape: [28, 28, 1], features: [], black: [0] }]);
    const [, ink] = targets;
    const { mean = 0, deviation = 1 } = ink?.numbers[0] ?? {};
    const seen = new Set<number>();
    for (const split of ["train", "validation", "test"] as const) {
      const rows = await rowsOf(splits[split].scan(16));
      expect(rows.length).toBe(splits[split].count);
      for (const row of rows) {
        const index = photoOf(row.pixels);
        seen.add(index);
        expect(row.digit).toBe(photos[index]?.digit);
        expect(row.ink * deviation + mean).toBeCloseTo(photos[index]?.ink ?? NaN, 5);
      }
    }
    expect(seen.size).toBe(count);
  });

  test("brought to a size and to channels", async () => {
    const { inputs, splits } = await load({ image: { column: "file", size: [10, 14], channels: 3, fit: "contain" } });
    expect(inputs[0]?.shape).toEqual([10, 14, 3]);
    const [first] = await rowsOf(splits.test.scan(5), 420);
    expect(first?.pixels.length).toBe(420);
    // A square in a wider one: black on both sides, and grey is three times the same.
    expect([...(first?.pixels.subarray(0, 6) ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
    for (let i = 0; i < 420; i += 3) expect(first?.pixels[i + 1]).toBe(first?.pixels[i]);
  });

  test("on any scale: standard by the training images, unit, or none", async () => {
    const [none, unit, standard] = [await load(), await load({ scale: "unit" }), await load({ scale: "standard" })];
    const [raw, divided, standardised] = await Promise.all(
      [none, unit, standard].map(async ({ splits }) => await rowsOf(splits.train.scan(100))),
    );
    raw?.forEach(({ pixels }, i) => pixels.forEach((value, k) => expect(divided?.[i]?.pixels[k]).toBeCloseTo(value / 255, 6)));
    const all = standardised?.flatMap(({ pixels }) => [...pixels]) ?? [];
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length;
    expect(mean).toBeCloseTo(0, 4);
    expect(variance).toBeCloseTo(1, 4);
  });

  test("also where labels are json, and rows without a label are left out", async () => {
    const entries = photos.map(({ file, digit }, i) => (i < 20 ? { file } : { file, digit }));
    folder.write("labels.jsonl", entries.map((entry) => JSON.stringify(entry)).join("\n"));
    const { splits } = await load({ labels: "labels.jsonl" }, { digit: { kind: "classification" } });
    expect(splits.train.count + splits.validation.count + splits.test.count).toBe(40);
  });
});

describe("images are decoded when their turn comes", () => {
  test("in another order in every epoch, the same whether they are kept or not, and on from a saved place", async () => {
    const whole = await load();
    // A megabyte keeps 1337 of these images; a larger form keeps none.
    const stream = RandomStream.seeded(3, "batches");
    const feed = whole.splits.train.feed({ batchSize: 8, stream });
    expect(feed.batches).toBe(Math.ceil(whole.splits.train.count / 8));
    const first = await nextRows(feed, feed.batches);
    const second = await nextRows(feed, feed.batches);
    expect(new Set(first).size).toBe(whole.splits.train.count);
    expect(second).not.toEqual(first);
    expect(second.toSorted()).toEqual(first.toSorted());
    await feed.next();
    const [saved, drawn] = [feed.save(), stream.save()];
    const expected = await nextRows(feed, 2 * feed.batches);

    const again = await load();
    const other = RandomStream.from(drawn);
    const resumed = again.splits.train.feed({ batchSize: 8, stream: other });
    await resumed.restore(saved);
    expect(await nextRows(resumed, 2 * feed.batches)).toEqual(expected);
  });

  test("and again where memory has no room to keep them", async () => {
    const big = { image: { column: "file", size: [700, 700], channels: 3 }, memory: 1 };
    const { splits } = await load(big);
    const feed = splits.test.feed({ batchSize: 4, stream: RandomStream.seeded(1, "b") });
    const once = await feed.next();
    expect(once.inputs[0]?.length).toBe(4 * 700 * 700 * 3);
    let mostly = 0;
    for (let i = 1; i < 3 * feed.batches; i++) mostly += (await feed.next()).rows;
    expect(mostly).toBe(3 * splits.test.count - 4);
  });

  test("ahead of the batch that is waited for, so that a kept epoch is not waited for at all", async () => {
    const { splits } = await load();
    const feed = splits.train.feed({ batchSize: 8, stream: RandomStream.seeded(1, "b") });
    for (let i = 0; i < feed.batches; i++) await feed.next();
    for (let i = 0; i < feed.batches; i++) expect(feed.next()).not.toBeInstanceOf(Promise);
  });
});

describe("what does not fit is told with file and row", () => {
  const lines = (): string[] => labelFile(photos).split("\n");
  const written = (name: string, change: (all: string[]) => void): string => {
    const all = lines();
    change(all);
    return folder.write(name, all.join("\n"));
  };

  test.each<[string, () => Readonly<Record<string, unknown>>, object]>([
    ["no label file", () => ({ labels: "none.csv" }), { code: "MTL310", path: ["data", "labels"], message: containing("none.csv") }],
    [
      "an unknown image column",
      () => ({ image: { ...image, column: "fiel" } }),
      { code: "MTL301", path: ["data", "image", "column"], message: containing('Did you mean "file"?') },
    ],
    [
      "a ragged row",
      () => ({ labels: written("ragged.csv", (all) => (all[4] = `${all[4] ?? ""},1`)) }),
      { code: "MTL312", path: ["data", "labels"], row: 5 },
    ],
    [
      "a row without an image",
      () => ({ labels: written("empty.csv", (all) => (all[3] = ",1,0.5")) }),
      { code: "MTL360", row: 4, message: containing('no image in line 4 of "empty.csv"') },
    ],
    [
      "an image that is not there",
      () => ({ labels: written("gone.csv", (all) => (all[7] = "1/gone.png,1,0.5")) }),
      {
        code: "MTL360",
        path: ["data", "image", "column"],
        column: "file",
        row: 8,
        message: containing('"1/gone.png" (line 8 of "gone.csv")'),
      },
    ],
    [
      "a link that leads to itself",
      () => {
        symlinkSync("loop.png", join(folder.path, "photos", "loop.png"));
        return { labels: written("loop.csv", (all) => (all[5] = "loop.png,1,0.5")) };
      },
      { code: "MTL360", column: "file", row: 6, message: containing("is a link that leads in a circle") },
    ],
    ["a folder that is not there", () => ({ folder: "fotos" }), { code: "MTL360", message: containing("fotos") }],
    [
      "an image outside of the folder",
      () => ({ labels: written("out.csv", (all) => (all[2] = "../labels.csv,1,0.5")) }),
      { code: "MTL360", row: 3, message: containing("not inside of") },
    ],
    [
      "an image on another computer",
      () => ({ labels: written("away.csv", (all) => (all[2] = "\\\\server\\share\\a.png,1,0.5")) }),
      { code: "MTL360", row: 3, message: containing("not inside of") },
    ],
    [
      "an unknown label column",
      () => ({ labels: written("other.csv", (all) => (all[0] = "file,digits,ink")) }),
      { code: "MTL301", path: ["tasks", "digit"] },
    ],
    [
      "a label that is no number",
      () => ({ labels: written("word.csv", (all) => (all[9] = `${photos[8]?.file ?? ""},8,much`)) }),
      { code: "MTL304", path: ["tasks", "ink"], row: 10 },
    ],
  ])("%s, alike before and at training", async (_, data, expected) => {
    const experiment = folderExperiment(data());
    const error = await loadData(experiment, folder.path).catch((reason: unknown) => reason);
    if (!(error instanceof DataError)) throw new Error(`not refused: ${String(error)}`);
    expect(error).toMatchObject(expected);
    const { facts, shape } = await inspectData(experiment, folder.path, new PrefixCache(), true);
    expect(shape).toBeUndefined();
    expect(facts.problems).toEqual([{ code: error.code, path: error.path, message: error.message }]);
  });

  test.each<[string, Uint8Array, object]>([
    ["that is cut off", Buffer.from("\xff\xd8\xff\xe0\x00\x10JFIF", "latin1"), { code: "MTL361", message: containing("is damaged") }],
    ["that is no image", Buffer.from("hello"), { code: "MTL362", message: containing("no image; png and jpeg are read") }],
  ])("an image %s, when its turn comes", async (_, content, expected) => {
    writeFileSync(join(folder.path, "photos", "bad.jpg"), content);
    const labels = written("bad.csv", (all) => (all[12] = "bad.jpg,1,0.5"));
    const { splits } = await load({ labels });
    const read = async (): Promise<void> => {
      for (const split of [splits.train, splits.validation, splits.test]) await rowsOf(split.scan(10));
    };
    await expect(read()).rejects.toMatchObject({ ...expected, path: ["data", "image", "column"], column: "file", row: 13 });
    await expect(read()).rejects.toThrow('The image "bad.jpg" (line 13 of "bad.csv") is');
  });

  test("an image that goes away while it is trained", async () => {
    const gone = join(folder.path, "photos", "soon gone.png");
    writeFileSync(gone, "");
    const { splits } = await load({ labels: written("soon.csv", (all) => (all[12] = "soon gone.png,1,0.5")) });
    rmSync(gone);
    const read = async (): Promise<void> => {
      for (const split of [splits.train, splits.validation, splits.test]) await rowsOf(split.scan(10));
    };
    await expect(read()).rejects.toMatchObject({ code: "MTL360", row: 13, message: containing("is not there any more") });
  });
});

test("Before training the columns, rows and shapes are known", async () => {
  const { facts, shape } = await inspectData(folderExperiment(), folder.path, new PrefixCache(), true);
  expect(facts).toMatchObject({
    columns: [
      { name: "file", distinct: 0 },
      { name: "digit", type: "number", missing: 0, distinct: 10 },
      { name: "ink", type: "number", missing: 0 },
    ],
    rows: { train: 42, validation: 9, test: 9 },
    problems: [],
  });
  expect(shape?.inputs).toEqual([{ name: "image", shape: [28, 28, 1], features: [] }]);
});

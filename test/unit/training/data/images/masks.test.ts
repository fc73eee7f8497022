import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode as encodePng } from "fast-png";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { RandomStream } from "../../../../../src/balancers/kernels/random-stream.ts";
import { decodeImage } from "../../../../../src/training/data/images/decode-image.ts";
import { decodeMask } from "../../../../../src/training/data/images/decode-mask.ts";
import type { Dataset } from "../../../../../src/training/data/dataset.ts";
import { inspectData } from "../../../../../src/training/data/inspect.ts";
import { loadData } from "../../../../../src/training/data/load.ts";
import { PrefixCache } from "../../../../../src/training/data/tables/prefix.ts";
import { arrayExperiment as experimentOn } from "../arrays/array-experiment.ts";
import { containing } from "../containing.ts";
import { temporaryFolder } from "../folder.ts";
import { writePhotos, type Photo } from "./digit-photos.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const count = 40;
let photos: readonly Photo[] = [];

/** Where there is ink, in a mask for each photo: pixels of 0 and 1. Every seventh photo has none. */
beforeAll(async () => {
  photos = (await writePhotos(join(folder.path, "photos"), count)).filter(({ file }) => file.endsWith(".png"));
  mkdirSync(join(folder.path, "photos", "masks"));
  photos.forEach(({ pixels }, i) => {
    const data = pixels.map((value) => (value > 127 ? 1 : 0));
    writeFileSync(join(folder.path, "photos", "masks", `${i}.png`), encodePng({ width: 28, height: 28, channels: 1, depth: 8, data }));
  });
  folder.write("labels.csv", lines().join("\n"));
});

function lines(): string[] {
  return ["file,digit,mask", ...photos.map(({ file, digit }, i) => `${file},${digit},${i % 7 === 0 ? "" : `masks/${i}.png`}`)];
}

/** The line of a photo with another mask. */
function withMask(photo: number, mask: string): string {
  return `${photos[photo]?.file ?? ""},${photos[photo]?.digit ?? 0},${mask}`;
}

const tasks = { mask: { kind: "segmentation", classes: ["paper", "ink"] }, digit: { kind: "classification" } };

function experiment(data: Readonly<Record<string, unknown>> = {}, own: Parameters<typeof experimentOn>[1] = tasks) {
  const image = { column: "file", size: [28, 28], channels: 1 };
  return experimentOn(
    { folder: "photos", labels: "labels.csv", image, scale: "none", split: { test: 0.2, validation: 0.2 }, ...data },
    own,
  );
}

async function load(...parts: Parameters<typeof experiment>): Promise<Dataset> {
  const dataset = await loadData(experiment(...parts), folder.path);
  onTestFinished(async () => await dataset.close?.());
  return dataset;
}

describe("masks of a folder of images", () => {
  test("are targets of every pixel, decoded with their image, and missing where the label file names none", async () => {
    const { tasks: targets, splits } = await load();
    expect(targets[0]).toMatchObject({ id: "mask", kind: "segmentation", classes: ["paper", "ink"], shape: [28, 28] });
    let [labelled, all] = [0, 0];
    for (const split of ["train", "validation", "test"] as const) {
      for await (const { rows, inputs, targets: values, present } of splits[split].scan(7)) {
        all += rows;
        for (let row = 0; row < rows; row++) {
          const [pixels, mask] = [inputs[0], values[0]].map((each) => each?.subarray(row * 784, (row + 1) * 784) ?? new Float32Array());
          expect(present[1]?.[row]).toBe(1);
          if (present[0]?.[row] !== 1) continue;
          labelled += 1;
          expect(pixels?.findIndex((value, i) => (value > 127 ? 1 : 0) !== mask?.[i])).toBe(-1);
        }
      }
    }
    expect([all, labelled]).toEqual([20, 17]);
  });

  test("move with their image where that is augmented", async () => {
    const { splits, augment } = await load({ augment: { flip: "both", shift: 3 } });
    for await (const values of splits.train.scan(100)) {
      const { inputs, targets, present } = augment?.(values, RandomStream.seeded(1, "augmentation")) ?? values;
      for (let i = 0; i < values.rows * 784; i++) {
        const label = targets[0]?.[i] ?? Number.NaN;
        if (present[0]?.[Math.floor(i / 784)] === 1 && !Number.isNaN(label)) expect(label).toBe((inputs[0]?.[i] ?? 0) > 127 ? 1 : 0);
      }
    }
  });

  test("may say which number is no class", async () => {
    const own = { mask: { kind: "segmentation", classes: ["ink", "never"], ignore: 1 }, digit: { kind: "classification" } };
    const { splits } = await load({}, own);
    for await (const { targets, inputs, present } of splits.test.scan(100)) {
      targets[0]?.forEach((label, i) => {
        if (present[0]?.[Math.floor(i / 784)] === 1) expect(Number.isNaN(label)).toBe((inputs[0]?.[i] ?? 0) > 127);
      });
    }
  });

  test.each<[string, (all: string[]) => void, object]>([
    ["with a class that there is not", () => undefined, { code: "MTL352", message: containing('"masks/9.png" (line 11 of') }],
    ["with pixels that are no classes", (all) => (all[10] = withMask(9, "0/photo 0.png")), { code: "MTL352" }],
    [
      "in colours",
      (all) => (all[10] = withMask(9, "colours.png")),
      { code: "MTL362", message: containing('The mask "colours.png" (line 11 of') },
    ],
    [
      "as jpeg",
      (all) => (all[10] = withMask(9, "1/photo 1.jpg")),
      { code: "MTL362", message: containing("which only png keeps as they are") },
    ],
  ])("%s are told with file and row, before the training where it needs them after an epoch", async (name, change, expected) => {
    const all = lines();
    change(all);
    const colours = encodePng({ width: 1, height: 1, channels: 3, depth: 8, data: Uint8Array.of(1, 2, 3) });
    writeFileSync(join(folder.path, "photos", "colours.png"), colours);
    const own =
      name === "with a class that there is not"
        ? { ...tasks, mask: { kind: "segmentation", classes: ["paper", "ink"], ignore: 9 } }
        : tasks;
    if (own !== tasks) {
      const data = new Uint8Array(784).fill(2);
      writeFileSync(join(folder.path, "photos", "masks", "9.png"), encodePng({ width: 28, height: 28, channels: 1, depth: 8, data }));
    }
    const labels = folder.write("changed.csv", all.join("\n"));
    await expect(load({ labels }, own)).rejects.toMatchObject({ ...expected, path: ["tasks", "mask"], column: "mask", row: 11 });
  });

  test.each<[string, () => Parameters<typeof experiment>, object]>([
    [
      "without names of classes",
      () => [{}, { mask: { kind: "segmentation" } }],
      { code: "MTL366", path: ["tasks", "mask"], message: containing('"classes: [background, leaf]"') },
    ],
    [
      "that are not there",
      () => [{ labels: folder.write("gone.csv", lines().join("\n").replace("masks/3.png", "masks/gone.png")) }],
      { code: "MTL360", path: ["tasks", "mask"], row: 5, message: containing('no mask "masks/gone.png" (line 5 of "gone.csv")') },
    ],
    [
      "outside of the folder",
      () => [{ labels: folder.write("out.csv", lines().join("\n").replace("masks/3.png", "../3.png")) }],
      { code: "MTL360", row: 5, message: containing('The mask "../3.png"') },
    ],
  ])("%s are refused before and at training", async (_, parts, expected) => {
    await expect(loadData(experiment(...parts()), folder.path)).rejects.toMatchObject(expected);
    const { facts } = await inspectData(experiment(...parts()), folder.path, new PrefixCache(), true);
    const { code, message } = expected as { readonly code: string; readonly message: unknown };
    expect(facts.problems).toMatchObject([{ code, message }]);
  });
});

test.each([1, 2, 4, 8] as const)("A mask of %i bits a pixel keeps its numbers, however its colours look", (depth) => {
  const data = Uint8Array.from({ length: 16 }, (_, i) => i % 2 ** Math.min(depth, 4));
  const palette = Array.from({ length: 16 }, (_, i): [number, number, number] => [255 - i, i, 7]);
  const file = encodePng({ width: 4, height: 4, channels: 1, depth: 8, data, palette });
  expect([...decodeMask(file, { height: 4, width: 4, fit: "stretch" })]).toEqual([...data]);
});

test("A mask lies where its image does, in every fit, and has no label beside it", () => {
  const data = Uint8Array.from({ length: 8 * 4 }, (_, i) => (i % 8 < 4 ? 10 : 200));
  const file = encodePng({ width: 8, height: 4, channels: 1, depth: 8, data });
  for (const fit of ["cover", "contain", "stretch"] as const) {
    for (const [height, width] of [
      [4, 4],
      [16, 16],
      [9, 9],
    ] as const) {
      const mask = decodeMask(file, { height, width, fit });
      const image = decodeImage(file, { height, width, fit, channels: 1 });
      // Beside its image a mask has no label; on the border between both halves the image is a mixture.
      mask.forEach((value, i) => {
        if (value === 65_535) expect(image[i]).toBe(0);
        else if (image[i] === 10 || image[i] === 200) expect(value).toBe(image[i]);
        else expect([10, 200]).toContain(value);
      });
      expect(mask.includes(65_535)).toBe(fit === "contain");
    }
  }
});

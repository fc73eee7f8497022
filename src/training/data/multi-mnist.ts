import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Experiment } from "../../experiment/schema.ts";
import type { Split } from "../../experiment/record.ts";
import type { RandomStream } from "../../balancers/kernels/random-stream.ts";
import { RandomStreams } from "../random-streams.ts";
import { arrayFile } from "./arrays/array-file.ts";
import { DataError, type DataProblem } from "./data-error.ts";
import type { Dataset, InputSpec, RowSource, TaskTargets } from "./dataset.ts";
import { MemorySource } from "./memory-source.ts";
import { splitRows } from "./split.ts";

/** Side of a digit and of the finished image, in pixels. */
const side = 28;
/** Side of the canvas on which two digits are put, and how far the second is moved down and right. */
const canvasSide = 36;
const shift = 6;
/** Mean and standard deviation of MNIST's pixels in [0, 1]. */
const pixelMean = 0.1307;
const pixelDeviation = 0.3081;

const image: InputSpec = { name: "image", shape: [side, side, 1], features: [], black: [-pixelMean / pixelDeviation] };
const classes: readonly string[] = Array.from({ length: 10 }, (_, digit) => String(digit));
const positions: readonly string[] = ["left", "right"];

/** Real MNIST digits, one after the other. */
export interface Digits {
  /** `count × 28 × 28`, 0 is background. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
  readonly count: number;
}

export type MultiMnistExperiment = Omit<Experiment, "data"> & { readonly data: Extract<Experiment["data"], { dataset: "multi-mnist" }> };

/** True when the experiment's data is the bundled Multi-MNIST. */
export function isMultiMnist(experiment: Experiment): experiment is Experiment & MultiMnistExperiment {
  return "dataset" in experiment.data;
}

/**
 * Multi-MNIST after Sener & Koltun (NeurIPS 2018, arXiv 1810.04650), composed of the 10,000 digits that come with Taskscope.
 * The digits are split before they are composed, so that no digit is in two splits; each is the left digit of `pairs` images.
 * Depends on the data's own split seed alone. Input `[28, 28, 1]`, standardised with MNIST's mean and deviation.
 */
export function multiMnistDataset(digits: Digits, experiment: MultiMnistExperiment): Dataset {
  const [problem] = multiMnistProblems(experiment);
  if (problem !== undefined) throw new DataError(problem);
  const couples = coupledDigits(digits, experiment);
  const columns = Object.entries(experiment.tasks).map(([id, task]) => task.column ?? id);
  const rowsOf = (name: Split): RowSource => composeRows(digits, couples[name], columns);
  return {
    inputs: [image],
    tasks: multiMnistTasks(digits, couples.train, experiment),
    splits: { train: rowsOf("train"), validation: rowsOf("validation"), test: rowsOf("test") },
  };
}

/** What the model needs to know of the data, without composing it. */
export function multiMnistShape(digits: Digits, experiment: MultiMnistExperiment): Pick<Dataset, "inputs" | "tasks"> {
  return { inputs: [image], tasks: multiMnistTasks(digits, coupledDigits(digits, experiment).train, experiment) };
}

/** The digits of each image of each split, left and right in turn. */
function coupledDigits({ count }: Digits, { data: { split, pairs } }: MultiMnistExperiment): Readonly<Record<Split, Uint32Array>> {
  const parts = splitRows(count, split, "digits");
  const streams = new RandomStreams(split.seed);
  const coupled = (name: Split): Uint32Array => pairDigits(parts[name], pairs, streams.get(`pairs-${name}`));
  return { train: coupled("train"), validation: coupled("validation"), test: coupled("test") };
}

/** Tasks that this data set does not have. */
export function multiMnistProblems(experiment: MultiMnistExperiment): DataProblem[] {
  return Object.entries(experiment.tasks).flatMap(([id, { column, kind, classes: named }]): DataProblem[] => {
    const name = column ?? id;
    if (!positions.includes(name)) {
      const path = column === undefined ? ["tasks", id] : ["tasks", id, "column"];
      return [
        {
          code: "MTL330",
          path,
          column: name,
          message: `Multi-MNIST has no labels "${name}". Name the task "left" or "right", or give it "column: left" or "column: right".`,
        },
      ];
    }
    if (kind !== "classification" && kind !== "ordinal") {
      return [
        {
          code: "MTL331",
          path: ["tasks", id, "kind"],
          column: name,
          message: `The labels of Multi-MNIST are digits, which are classes. Use "kind: classification", or "ordinal" for their order.`,
        },
      ];
    }
    if (named !== undefined) {
      const message = `The classes of Multi-MNIST are its digits, 0 to 9. Delete "classes".`;
      return [{ code: "MTL331", path: ["tasks", id, "classes"], column: name, message }];
    }
    return [];
  });
}

/** Reads the digits that come with Taskscope. Throws `DataError` MTL332 when their files are not there or are damaged. */
export async function readDigits(folder: string | undefined): Promise<Digits> {
  const refuse = (why: string): DataError =>
    new DataError({
      code: "MTL332",
      path: ["data", "dataset"],
      message: `The digits of Multi-MNIST cannot be read: ${why} In a clone of the repository, run "node scripts/prepare-examples.mjs"; else install Taskscope again.`,
    });
  if (folder === undefined) throw refuse("their files are missing.");
  try {
    const [images, labels] = [await readBytes(folder, imagesFile), await readBytes(folder, labelsFile)];
    const [count = 0, height, width] = images.shape;
    if (height !== side || width !== side || labels.bytes.length !== count) {
      throw new Error(`${images.shape.join(" × ")} pixels do not fit ${labels.bytes.length} labels.`);
    }
    return { pixels: images.bytes, labels: labels.bytes, count };
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

async function readBytes(folder: string, name: string): Promise<{ readonly shape: readonly number[]; readonly bytes: Uint8Array }> {
  const { shape, values } = await arrayFile(join(folder, name), ["data", "dataset"]).read(largestFile);
  if (!(values instanceof Uint8Array)) throw new Error(`${name} does not hold bytes.`);
  return { shape, bytes: values };
}

/** The 60,000 images of the whole of MNIST are 45 MiB. */
const largestFile = 2 ** 26;

const imagesFile = "mnist-images.idx.gz";
const labelsFile = "mnist-labels.idx.gz";

/**
 * The folder `examples/data` of this repository or package: looked for upwards from the running code, which lies in
 * `src/training/data` or, bundled, in `dist`.
 */
export function digitsFolder(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, "examples", "data");
    if (existsSync(join(candidate, imagesFile)) && existsSync(join(candidate, labelsFile))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Each digit `pairs` times as the first, each time with another digit of the same part, drawn by chance, as the second. */
export function pairDigits(part: Uint32Array, pairs: number, random: RandomStream): Uint32Array {
  const couples = new Uint32Array(part.length * pairs * 2);
  if (part.length < 2) {
    throw new DataError({
      code: "MTL319",
      path: ["data", "split"],
      message: `Two digits make an image, but a split has only one. Choose greater shares.`,
    });
  }
  let next = 0;
  for (let round = 0; round < pairs; round++) {
    part.forEach((first, position) => {
      const other = random.below(part.length - 1);
      couples[next++] = first;
      couples[next++] = part[other < position ? other : other + 1] ?? 0;
    });
  }
  return couples;
}

/**
 * One image of two digits: on a canvas of 36×36, the first at rows and columns 0–27, the second at 6–33, the brighter pixel where
 * they overlap; then reduced to 28×28 by the nearest pixel and standardised. Writes 784 values at `offset`.
 */
export function composeImage(digits: Digits, left: number, right: number, images: Float32Array, offset: number): void {
  const canvas = new Uint8Array(canvasSide ** 2);
  putDigit(canvas, digits.pixels, left, 0);
  putDigit(canvas, digits.pixels, right, shift);
  for (let y = 0; y < side; y++) {
    const sourceRow = Math.floor((y * canvasSide) / side) * canvasSide;
    for (let x = 0; x < side; x++) {
      const value = canvas[sourceRow + Math.floor((x * canvasSide) / side)] ?? 0;
      images[offset + y * side + x] = (value / 255 - pixelMean) / pixelDeviation;
    }
  }
}

function putDigit(canvas: Uint8Array, pixels: Uint8Array, digit: number, corner: number): void {
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = (y + corner) * canvasSide + x + corner;
      canvas[at] = Math.max(canvas[at] ?? 0, pixels[(digit * side + y) * side + x] ?? 0);
    }
  }
}

function composeRows(digits: Digits, couples: Uint32Array, columns: readonly string[]): RowSource {
  const count = couples.length / 2;
  const inputs = new Float32Array(count * side * side);
  const targets = columns.map(() => new Float32Array(count));
  for (let row = 0; row < count; row++) {
    const left = couples[2 * row] ?? 0;
    const right = couples[2 * row + 1] ?? 0;
    composeImage(digits, left, right, inputs, row * side * side);
    columns.forEach((column, task) => {
      const values = targets[task];
      if (values !== undefined) values[row] = digits.labels[column === "left" ? left : right] ?? 0;
    });
  }
  return new MemorySource({ rows: count, inputs: [inputs], targets, present: columns.map(() => new Uint8Array(count).fill(1)) });
}

function multiMnistTasks({ labels }: Digits, trainCouples: Uint32Array, experiment: MultiMnistExperiment): TaskTargets[] {
  return Object.entries(experiment.tasks).map(([id, { kind, column = id }]) => {
    const counts = classes.map(() => 0);
    for (let i = column === "left" ? 0 : 1; i < trainCouples.length; i += 2) {
      const label = labels[trainCouples[i] ?? 0] ?? 0;
      counts[label] = (counts[label] ?? 0) + 1;
    }
    return { id, kind, classes, shape: [], counts, numbers: [] };
  });
}

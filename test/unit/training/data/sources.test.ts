import { join } from "node:path";
import { test as law, fc } from "@fast-check/vitest";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { experimentSchema, type Experiment } from "../../../../src/experiment/schema.ts";
import type { Dataset, RowSource, RowValues } from "../../../../src/training/data/dataset.ts";
import { inspectData } from "../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../src/training/data/tables/prefix.ts";
import { joinMoments } from "../../../../src/training/data/input-measure.ts";
import { loadData } from "../../../../src/training/data/load.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";
import { splitRows } from "../../../../src/training/data/split.ts";
import { npyOf } from "./arrays/npy-bytes.ts";
import { containing } from "./containing.ts";
import { temporaryFolder } from "./folder.ts";
import { labelFile, writePhotos, type Photo } from "./images/digit-photos.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

function table(name: string, header: string, rows: number, line: (i: number) => readonly unknown[]): string {
  return folder.write(name, `${header}\n${Array.from({ length: rows }, (_, i) => line(i).join(",")).join("\n")}\n`);
}
const birds = table("birds.csv", "beak,wing,species", 40, (i) => [i, 2 * i, ["gull", "tern"][i % 2]]);
const weights = table("weights.csv", "wing,beak,grams", 20, (i) => [i, 100 + i, 5 * i]);

/** A row of 40 that is in the validation by default. */
const held = splitRows(40, { validation: 0.15, test: 0.15, seed: 0 }, "rows").validation[0] ?? 0;

interface Sources {
  readonly birds?: Record<string, unknown>;
  readonly weights?: Record<string, unknown>;
  readonly schedule?: unknown;
}

function experiment({ birds: first = {}, weights: second = {}, schedule }: Sources = {}): Experiment {
  return experimentSchema.parse({
    name: "two",
    data: {
      sources: {
        birds: { file: birds, inputs: ["beak", "wing"], tasks: ["species"], ...first },
        weights: { file: weights, inputs: ["beak", "wing"], tasks: ["mass"], ...second },
      },
      schedule,
    },
    tasks: { mass: { column: "grams", kind: "regression" }, species: { kind: "classification" } },
    model: { trunk: [{ dense: { units: 4 } }] },
  });
}

async function load(sources?: Sources): Promise<Dataset> {
  return await loadData(experiment(sources), folder.path);
}

async function allOf(source: RowSource): Promise<readonly RowValues[]> {
  const found: RowValues[] = [];
  for await (const values of source.scan(1000)) found.push(values);
  return found;
}

async function inspect(sources?: Sources, trusted = true) {
  return await inspectData(experiment(sources), folder.path, new PrefixCache(), trusted);
}

describe("rows of several files", () => {
  test("have labels for the tasks of their own source alone, in the order of the experiment", async () => {
    const dataset = await load();
    expect(dataset.tasks.map(({ id }) => id)).toEqual(["mass", "species"]);
    expect(dataset.inputs).toEqual([{ name: "table", shape: [2], features: ["beak", "wing"] }]);
    const counts = [dataset.splits.train, dataset.splits.validation, dataset.splits.test].map(({ count }) => count);
    expect(counts).toEqual([28 + 14, 6 + 3, 6 + 3]);
    const [first, second] = await allOf(dataset.splits.train);
    expect([first?.rows, second?.rows]).toEqual([28, 14]);
    const marks = (values: RowValues | undefined) => values?.present.map((each) => [...new Set(each)]);
    expect([marks(first), marks(second)]).toEqual([
      [[0], [1]],
      [[1], [0]],
    ]);
    const batch = await dataset.splits.train.feed({ batchSize: 9, stream: new RandomStreams(1).get("batches") }).next();
    expect(batch.present.map((each) => each.reduce((sum, mark) => sum + mark, 0))).toEqual([3, 6]);
  });

  test("are fitted each to its own task, and split each by its own seed and shares", async () => {
    const dataset = await load({ weights: { split: { validation: 0.4, test: 0.4, seed: 2 } } });
    expect(dataset.splits.validation.count).toBe(6 + 8);
    expect(dataset.tasks.map(({ classes, numbers }) => [classes, numbers.length])).toEqual([
      [[], 1],
      [["gull", "tern"], 0],
    ]);
  });

  test("may come with a data set among them", async () => {
    const digits = experimentSchema.parse({
      ...experiment(),
      data: {
        sources: {
          lefts: { dataset: "multi-mnist", tasks: ["left"], split: { validation: 0.01, test: 0.98 } },
          rights: { dataset: "multi-mnist", tasks: ["right"], split: { validation: 0.01, test: 0.98, seed: 1 } },
        },
      },
      tasks: { left: { kind: "classification" }, right: { kind: "classification" } },
    });
    const { inputs, splits } = await loadData(digits, folder.path);
    expect(inputs.map(({ shape }) => shape)).toEqual([[28, 28, 1]]);
    expect(splits.train.count).toBe(200);
  });
});

describe("inputs of several sources are fitted together", () => {
  const first = table("first.csv", "x,kind,y", 40, (i) => [i, ["a", "b"][i % 2], i]);
  const second = table("second.csv", "x,kind,z", 80, (i) => [1000 - i, ["b", "c"][i % 2], i]);

  function both(inputs: unknown, own: Record<string, unknown> = {}): Experiment {
    return experimentSchema.parse({
      name: "both",
      data: {
        sources: { first: { file: first, inputs, tasks: ["y"] }, second: { file: second, inputs, tasks: ["z"], ...own } },
      },
      tasks: { y: { kind: "regression" }, z: { kind: "regression" } },
      model: { trunk: [{ dense: { units: 4 } }] },
    });
  }

  /** Inputs of all rows of a split, source by source. */
  async function inputsOf({ splits }: Dataset): Promise<readonly Float32Array[]> {
    return (await allOf(splits.train)).map(({ inputs }) => (inputs[0] ?? new Float32Array()).slice());
  }

  test("numbers with the mean and deviation of all training rows, so that equal values are equal", async () => {
    const [own = new Float32Array(), other = new Float32Array()] = await inputsOf(await loadData(both(["x"]), folder.path));
    expect([own.length, other.length]).toEqual([28, 56]);
    const all = [...own, ...other];
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length).toBeCloseTo(1, 5);
    // By themselves both would lie around 0; together the first lies far below the second.
    expect(Math.max(...own)).toBeLessThan(Math.min(...other));
  });

  test("categories with a feature for each that any of them has", async () => {
    const whole = both(["kind"]);
    const dataset = await loadData(whole, folder.path);
    expect(dataset.inputs).toEqual([{ name: "table", shape: [3], features: ["kind=a", "kind=b", "kind=c"] }]);
    const sums = (values: Float32Array) =>
      [0, 1, 2].map((feature) => values.reduce((sum, value, i) => sum + (i % 3 === feature ? value : 0), 0));
    const [own = [], other = []] = (await inputsOf(dataset)).map(sums);
    expect([own[2], other[0]]).toEqual([0, 0]);
    expect((own[0] ?? 0) + (own[1] ?? 0)).toBe(28);
    const { facts, shape } = await inspectData(whole, folder.path, new PrefixCache(), true);
    expect(facts.problems).toEqual([]);
    expect(shape).toEqual({ inputs: dataset.inputs, tasks: dataset.tasks });
  });

  test("embeddings with one vector for each category of any of them", async () => {
    const { inputs } = await loadData(both([{ column: "kind", encode: "embedding", size: 2 }]), folder.path);
    expect(inputs.map(({ embeddings }) => embeddings)).toEqual([[{ name: "kind", rows: 4, size: 2, zeroRow: 3 }]]);
  });

  test("a category that only another source has in its training rows is known", async () => {
    const file = table("rare.csv", "x,kind,y", 40, (i) => [i, i === held ? "c" : "a", i]);
    const whole = experimentSchema.parse({
      ...both(["kind"]),
      data: { sources: { rare: { file, inputs: ["kind"], tasks: ["y"] }, second: { file: second, inputs: ["kind"], tasks: ["z"] } } },
    });
    const { warnings } = await loadData(whole, folder.path);
    expect(warnings).toEqual([]);
    const alone = experimentSchema.parse({ ...whole, data: { file, inputs: ["kind"] }, tasks: { y: { kind: "regression" } } });
    expect((await loadData(alone, folder.path)).warnings).toEqual([containing('"c" of input "kind" is in 1 validation or test row')]);
  });

  test("arrays with the mean and deviation of each channel over all of them", async () => {
    const rows = 20;
    const counted = (count: number, base = 0) => Float64Array.from({ length: count }, (_, i) => base + i);
    const pixels = (name: string, base: number) => folder.write(name, npyOf([rows, 2, 2, 1], counted(rows * 4, base)));
    const labels = (name: string) => folder.write(name, npyOf([rows], counted(rows)));
    const source = (image: string, label: string, task: string, scale = "standard") => ({
      arrays: { image, [task]: label },
      inputs: ["image"],
      scale,
      tasks: [task],
    });
    const wholeOf = (scale?: string) =>
      experimentSchema.parse({
        ...both(["x"]),
        data: {
          sources: {
            dark: source(pixels("dark.npy", 0), labels("y.npy"), "y"),
            bright: source(pixels("bright.npy", 1000), labels("z.npy"), "z", scale),
          },
        },
      });
    const dataset = await loadData(wholeOf(), folder.path);
    const all = (await allOf(dataset.splits.train)).flatMap(({ inputs }) => [...(inputs[0] ?? [])]);
    expect(all.reduce((sum, value) => sum + value, 0) / all.length).toBeCloseTo(0, 5);
    const [dark, bright] = [all.slice(0, all.length / 2), all.slice(all.length / 2)];
    expect(Math.max(...dark)).toBeLessThan(Math.min(...bright));
    const problem = {
      code: "MTL370",
      path: ["data", "sources", "bright", "inputs", 0],
      message: containing('"image" is scaled by `standard` in the source "dark", and by `unit` in "bright"'),
    };
    await expect(loadData(wholeOf("unit"), folder.path)).rejects.toMatchObject(problem);
    const { facts } = await inspectData(wholeOf("unit"), folder.path, new PrefixCache(), true);
    expect(facts.problems).toMatchObject([problem]);
  });

  test("images with the mean and deviation of their pixels over all folders", async () => {
    const photos = await writePhotos(join(folder.path, "photos"), 40);
    const of = (name: string, isOwn: (photo: Photo) => boolean) => folder.write(name, labelFile(photos.filter(isOwn)));
    const median = [...photos].sort((a, b) => a.ink - b.ink)[20]?.ink ?? 0;
    const image = { column: "file", size: [28, 28], channels: 1 };
    const source = (labels: string, task: string, scale: string) => ({ folder: "photos", labels, image, scale, tasks: [task] });
    const thin = of("thin.csv", ({ ink }) => ink < median);
    const bold = of("bold.csv", ({ ink }) => ink >= median);
    const wholeOf = (scale: string) =>
      experimentSchema.parse({
        ...both(["x"]),
        data: { sources: { thin: source(thin, "digit", "standard"), bold: source(bold, "ink", scale) } },
        tasks: { digit: { kind: "regression" }, ink: { kind: "regression" } },
      });
    const dataset = await loadData(wholeOf("standard"), folder.path);
    onTestFinished(async () => await dataset.close?.());
    const [own = [], other = []] = (await inputsOf(dataset)).map((pixels) => [...pixels]);
    const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(meanOf([...own, ...other])).toBeCloseTo(0, 5);
    // Black is the same number in both, and bold digits are brighter on the whole.
    expect(Math.min(...own)).toBe(Math.min(...other));
    expect(meanOf(own)).toBeLessThan(meanOf(other) - 0.1);
    const problem = {
      code: "MTL370",
      path: ["data", "sources", "bold", "scale"],
      message: containing('"image" is scaled by `standard` in the source "thin", and by `unit` in "bold"'),
    };
    await expect(loadData(wholeOf("unit"), folder.path)).rejects.toMatchObject(problem);
    const { facts } = await inspectData(wholeOf("unit"), folder.path, new PrefixCache(), true);
    expect(facts.problems).toMatchObject([problem]);
  });

  test("which is refused where a column holds numbers in one and text in another", async () => {
    const file = table("text.csv", "x,z", 40, (i) => [["low", "high"][i % 2], i]);
    const refused = both(["x"], { file });
    const problem = {
      code: "MTL370",
      path: ["data", "sources", "second", "inputs", 0],
      message: containing('"x" enters as a number in the source "first", and as categories in "second"'),
    };
    await expect(loadData(refused, folder.path)).rejects.toMatchObject(problem);
    const { facts } = await inspectData(refused, folder.path, new PrefixCache(), true);
    expect(facts.problems).toMatchObject([problem]);
  });
});

law.prop([
  fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { maxLength: 20 }),
  fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 20 }),
])("joined moments are those of all numbers together", (a, b) => {
  const momentsOf = (numbers: readonly number[]) => {
    const mean = numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length);
    const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { count: numbers.length, mean, squares, least: Math.min(...numbers), greatest: Math.max(...numbers) };
  };
  const joined = joinMoments(momentsOf(a), momentsOf(b));
  const whole = momentsOf([...a, ...b]);
  expect([joined.count, joined.least, joined.greatest]).toEqual([whole.count, whole.least, whole.greatest]);
  expect(joined.mean).toBeCloseTo(whole.mean, 8);
  expect(joined.squares).toBeCloseTo(whole.squares, 4);
});

describe("sources that cannot be trained on together", () => {
  test.each<[what: string, sources: Sources, problem: Record<string, unknown>]>([
    [
      "other names of inputs",
      { weights: { inputs: { table: ["beak"], more: "wing" } } },
      {
        code: "MTL370",
        path: ["data", "sources", "weights", "inputs"],
        message: 'The source "birds" has the inputs "table", and "weights" has "table", "more".',
      },
    ],
    [
      "columns in another order",
      { weights: { inputs: ["wing", "beak"] } },
      {
        code: "MTL370",
        path: ["data", "sources", "weights", "inputs"],
        message: 'Feature 1 of the input "table" is "beak" in the source "birds", and "wing" in "weights"',
      },
    ],
    [
      "fewer columns",
      { weights: { inputs: ["beak"] } },
      { code: "MTL370", path: ["data", "sources", "weights", "inputs"], message: 'is [2] in the source "birds", and [1] in "weights"' },
    ],
    [
      "a missing column",
      { weights: { inputs: ["beak", "wings"] } },
      { code: "MTL301", path: ["data", "sources", "weights", "inputs", 1], message: 'Did you mean "wing"?' },
    ],
    [
      "a missing file",
      { birds: { file: "bird.csv" } },
      { code: "MTL310", path: ["data", "sources", "birds", "file"], message: "bird.csv" },
    ],
    ["a label column of the other file", { birds: { tasks: ["mass"] }, weights: { tasks: ["species"] } }, { code: "MTL301", path: ["tasks", "mass", "column"], message: '"birds.csv" has no column "grams"' }], // prettier-ignore
    [
      "an empty file",
      { weights: { file: folder.write("empty.csv", "wing,beak,grams\n") } },
      { code: "MTL311", path: ["data", "sources", "weights", "file"], message: '"empty.csv" has no rows' },
    ],
    [
      "no label at all for a task",
      { weights: { file: table("unlabelled.csv", "wing,beak,grams", 20, (i) => [i, i, ""]) } },
      { code: "MTL306", path: ["tasks", "mass", "column"], message: 'Task "mass" has no label' },
    ],
    [
      "a class that no training row of its source has",
      { birds: { file: table("auk.csv", "beak,wing,species", 40, (i) => [i, i, i === held ? "auk" : ["gull", "tern"][i % 2]]) } },
      { code: "MTL318", path: ["tasks", "species"], message: 'Class "auk" of task "species" is in the validation rows' },
    ],
    [
      "an empty split",
      { weights: { split: { validation: 0.01 } } },
      { code: "MTL319", path: ["data", "sources", "weights", "split"], message: 'none is left for "validation"' },
    ],
  ])("%s: told at its place, before and in the training", async (_, sources, problem) => {
    const expected = { ...problem, message: containing(String(problem["message"])) };
    await expect(load(sources)).rejects.toMatchObject(expected);
    const { facts, shape } = await inspect(sources);
    expect(facts.problems[0]).toMatchObject(expected);
    expect(shape).toBeUndefined();
  });

  test.each([
    ["of another shape", [20, 3, 2], 'is [2, 2, 1] in the source "birds", and [3, 2, 1] in "weights"'],
    ["of another kind", [20, 4], 'is [2, 2, 1] in the source "birds", and [4] in "weights"'],
  ])("arrays %s", async (what, shape, message) => {
    const values = (size: number) => Float32Array.from({ length: size }, (_, i) => i % 7);
    const arrayOf = (name: string, axes: readonly number[]) =>
      folder.write(`${what} ${name}.npy`, npyOf(axes, values(axes.reduce((size, axis) => size * axis, 1))));
    const source = (name: string, task: string, axes: readonly number[]) => ({
      arrays: { pixels: arrayOf(name, axes), [task]: arrayOf(`${name} ${task}`, [20]) },
      inputs: ["pixels"],
      tasks: [task],
    });
    const whole = experimentSchema.parse({
      ...experiment(),
      data: { sources: { birds: source("birds", "species", [20, 2, 2]), weights: source("weights", "mass", shape) } },
      tasks: { mass: { kind: "regression" }, species: { kind: "regression" } },
    });
    const problem = { code: "MTL370", path: ["data", "sources", "weights", "inputs"], message: containing(message) };
    await expect(loadData(whole, folder.path)).rejects.toMatchObject(problem);
    const { facts } = await inspectData(whole, folder.path, new PrefixCache(), true);
    expect(facts.problems).toMatchObject([problem]);
  });

  test("are all told of at once", async () => {
    const { facts } = await inspect({ birds: { file: "bird.csv" }, weights: { inputs: ["beak", "wings"] } });
    expect(facts.problems.map(({ code, path }) => `${code} ${path.join(".")}`)).toEqual([
      "MTL310 data.sources.birds.file",
      "MTL301 data.sources.weights.inputs.1",
    ]);
    expect(facts.rows).toBeUndefined();
  });

  test("on another computer are not asked for where the workspace is not trusted", async () => {
    const { facts } = await inspect({ weights: { file: "//elsewhere/weights.csv" } }, false);
    expect(facts.problems.map(({ code, path }) => `${code} ${path.join(".")}`)).toEqual(["MTL321 data.sources.weights.file"]);
  });
});

test("what is known of several sources before the training: their columns, all rows, and what the model must know", async () => {
  const { facts, shape } = await inspect();
  expect(facts.problems).toEqual([]);
  expect(facts.rows).toEqual({ train: 42, validation: 9, test: 9 });
  expect(facts.columns?.map(({ source, name }) => `${source ?? ""}.${name}`)).toEqual([
    "birds.beak",
    "birds.wing",
    "birds.species",
    "weights.wing",
    "weights.beak",
    "weights.grams",
  ]);
  const { inputs, tasks } = await load();
  expect(shape).toEqual({ inputs, tasks });
});

import { afterAll, describe, expect, test } from "vitest";
import { experimentSchema, type Experiment } from "../../../../src/experiment/schema.ts";
import type { Dataset, RowSource, RowValues } from "../../../../src/training/data/dataset.ts";
import { inspectData } from "../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../src/training/data/tables/prefix.ts";
import { loadData } from "../../../../src/training/data/load.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";
import { containing } from "./containing.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

function table(name: string, header: string, rows: number, line: (i: number) => readonly unknown[]): string {
  return folder.write(name, `${header}\n${Array.from({ length: rows }, (_, i) => line(i).join(",")).join("\n")}\n`);
}
const birds = table("birds.csv", "beak,wing,species", 40, (i) => [i, 2 * i, ["gull", "tern"][i % 2]]);
const weights = table("weights.csv", "wing,beak,grams", 20, (i) => [i, 100 + i, 5 * i]);

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

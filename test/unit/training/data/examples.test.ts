import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { checkFacts } from "../../../../src/experiment/check-facts.ts";
import { parseExperiment } from "../../../../src/experiment/parse.ts";
import type { Experiment } from "../../../../src/experiment/schema.ts";
import { dataFiles } from "../../../../src/experiment/data/data-files.ts";
import { hasArrays } from "../../../../src/training/data/arrays/array-experiment.ts";
import { inspectData } from "../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../src/training/data/tables/prefix.ts";
import { loadData } from "../../../../src/training/data/load.ts";
import { openTable } from "../../../../src/training/data/tables/open-table.ts";
import { inspectModel } from "../../../../src/training/model/inspect.ts";
import { allRows } from "./all-rows.ts";

const root = join(import.meta.dirname, "../../../..");
const examples = join(root, "examples");

function example(name: string): ReturnType<typeof parseExperiment> & { readonly experiment: Experiment } {
  const parsed = parseExperiment(readFileSync(join(examples, name), "utf8"));
  if (parsed.experiment === undefined) throw new Error(`${name} does not parse.`);
  return { ...parsed, experiment: parsed.experiment };
}

describe.each(["multi-mnist.mtl.yaml", "penguins.mtl.yaml", "weather.mtl.yaml"])("the example %s", (name) => {
  test("checks clean, with its data and its model", async () => {
    const parsed = example(name);
    expect(parsed.diagnostics).toEqual([]);
    const { facts: data, shape } = await inspectData(parsed.experiment, examples, new PrefixCache(), true);
    if (shape === undefined) throw new Error("The data has problems.");
    expect(checkFacts(parsed, { data, model: inspectModel(parsed.experiment, shape) })).toEqual([]);
  });
});

test.each([
  ["digits.mtl.yaml", '"mnist-images.idx.gz" is large: its header alone was checked here'],
  ["flights.mtl.yaml", "the first 209,715 of the 3,000,000 rows were checked here"],
])("the rows of %s are many, so a check looks at the first of them or at none, and says so", async (name, words) => {
  const parsed = example(name);
  expect(parsed.diagnostics).toEqual([]);
  const { facts: data, shape } = await inspectData(parsed.experiment, examples, new PrefixCache(), true);
  if (shape === undefined) throw new Error("The data has problems.");
  const told = checkFacts(parsed, { data, model: inspectModel(parsed.experiment, shape) });
  expect(told.map(({ code, severity, message }) => [code, severity, message])).toEqual([
    ["MTL333", "information", expect.stringContaining(words)],
  ]);
});

test("the files that an example reads are known, so that it can be copied with them", () => {
  const files = (name: string): readonly string[] => dataFiles(example(name).experiment).map(({ file }) => file);
  expect(files("digits.mtl.yaml")).toEqual([
    "data/mnist-images.idx.gz",
    "data/mnist-labels.idx.gz",
    "data/mnist-slant.npy",
    "data/mnist-ink.npy",
  ]);
  expect(files("weather.mtl.yaml")).toEqual(["data/weather-seattle.csv", "data/weather-new-york.csv"]);
  expect([files("penguins.mtl.yaml"), files("multi-mnist.mtl.yaml")]).toEqual([["penguins.csv"], []]);
});

describe("the digits", () => {
  test("of the example lean and have ink as their pixels say", async () => {
    const { experiment } = example("digits.mtl.yaml");
    if (!hasArrays(experiment)) throw new Error("The digits are no arrays.");
    const { splits, tasks } = await loadData({ ...experiment, data: { ...experiment.data, scale: "none" } }, examples);
    expect(splits.train.count).toBe(8000);
    const [, slant, ink] = tasks;
    const unit = (value: number, { mean = 0, deviation = 1 } = {}): number => mean + deviation * value;
    for await (const { rows, inputs, targets } of splits.test.scan(200)) {
      for (let row = 0; row < rows; row += 20) {
        const pixels = inputs[0]?.subarray(row * 784, (row + 1) * 784) ?? new Float32Array();
        const brightness = pixels.reduce((sum, value) => sum + value, 0) / (255 * 784);
        expect(unit(targets[2]?.[row] ?? Number.NaN, ink?.numbers[0])).toBeCloseTo(brightness, 5);
        expect(Math.abs(unit(targets[1]?.[row] ?? Number.NaN, slant?.numbers[0]))).toBeLessThan(60);
      }
    }
  });
});

describe("the penguins", () => {
  test("are those of the package, with the one sex that is a dot left empty", async () => {
    const rows = JSON.parse(readFileSync(join(root, "node_modules/vega-datasets/data/penguins.json"), "utf8")) as Record<
      string,
      string | number | null
    >[];
    const reader = await openTable(join(examples, "penguins.csv"));
    const names = reader.columns.map(({ name }) => name);
    expect(names).toEqual(Object.keys(rows[0] ?? {}));
    const cells = names.map((): unknown[] => []);
    for await (const { columns } of reader.chunks(names)) columns.forEach(({ values }, index) => cells[index]?.push(...values));
    names.forEach((name, index) => {
      expect(cells[index]).toEqual(rows.map((row) => (row[name] === null || row[name] === "." ? null : String(row[name]))));
    });
  });

  test("without measurements are left out, and those without a sex have no label for it", async () => {
    const { splits, tasks } = await loadData(example("penguins.mtl.yaml").experiment, examples);
    const parts = await Promise.all([splits.train, splits.validation, splits.test].map(allRows));
    const labelled = tasks.map((_, task) =>
      parts.reduce((sum, { present }) => sum + (present[task]?.filter((each) => each === 1).length ?? 0), 0),
    );
    expect(tasks.map(({ id }) => id)).toEqual(["species", "sex", "mass"]);
    expect(parts.reduce((sum, { rows: count }) => sum + count, 0)).toBe(342);
    expect(labelled).toEqual([342, 333, 342]);
  });
});

describe("the weather", () => {
  test("is that of the package, each city in a file of its own", () => {
    const lines = (path: string) => readFileSync(join(root, path), "utf8").trim().split("\n");
    const [head = "", ...days] = lines("node_modules/vega-datasets/data/weather.csv");
    const files = { Seattle: "examples/data/weather-seattle.csv", "New York": "examples/data/weather-new-york.csv" };
    const written = Object.entries(files).flatMap(([city, file]) =>
      lines(file)
        .slice(1)
        .map((line) => `${city},${line}`),
    );
    expect(written.toSorted()).toEqual(days.toSorted());
    for (const file of Object.values(files)) expect(`location,${lines(file)[0] ?? ""}`).toBe(head);
  });

  test("of a city is no answer for the other, and a degree is the same number in both", async () => {
    const { experiment } = example("weather.mtl.yaml");
    const { splits, inputs, warnings } = await loadData(experiment, examples);
    expect(warnings).toEqual([]);
    expect(inputs).toMatchObject([{ shape: [5] }]);
    const parts = await Promise.all([splits.train, splits.validation, splits.test].map(allRows));
    expect(parts.map(({ rows }) => rows)).toEqual([2046, 438, 438]);
    for (const { present } of parts) {
      const labelled = present.map((marks) => marks.reduce((sum, mark) => sum + mark, 0));
      expect(labelled).toEqual(Array.from({ length: 4 }, () => (present[0]?.length ?? 0) / 2));
      present[0]?.forEach((mark, row) => expect(present[2]?.[row]).toBe(1 - mark));
    }
    const [train] = parts;
    const warmest = Array.from({ length: train?.rows ?? 0 }, (_, row) => train?.inputs[0]?.[row * 5 + 2] ?? 0);
    // One scale for both: mean 0 and deviation 1 of all days, and of neither city by itself.
    const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(meanOf(warmest)).toBeCloseTo(0, 5);
    expect(meanOf(warmest.map((value) => value ** 2))).toBeCloseTo(1, 5);
    const seattle = meanOf(warmest.slice(0, 1023));
    expect(Math.abs(seattle)).toBeGreaterThan(0.02);
    expect(seattle).toBeCloseTo(-meanOf(warmest.slice(1023)), 5);
  });
});

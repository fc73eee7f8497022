import { test as law, fc } from "@fast-check/vitest";
import { afterAll, describe, expect, test } from "vitest";

import type { Split } from "../../../../src/experiment/record.ts";
import type { Dataset } from "../../../../src/training/data/dataset.ts";
import { loadData } from "../../../../src/training/data/load.ts";
import { splitRows } from "../../../../src/training/data/split.ts";
import { containing } from "./containing.ts";
import { inspectData } from "../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../src/training/data/tables/prefix.ts";
import { tableExperiment, type TableSettings } from "./experiment.ts";
import { smallTable, temporaryFolder } from "./folder.ts";
import { allRows } from "./all-rows.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

function rows(line: (i: number) => string, count = 30): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

const splits: readonly Split[] = ["train", "validation", "test"];

async function load(content: string, settings: Omit<TableSettings, "file"> = {}, ending = "csv") {
  const file = folder.write(`table.${ending}`, content);
  return await flat(await loadData(tableExperiment({ file, ...settings }), folder.path));
}

/** The only input of a table beside its targets. */
async function flat({ inputs, tasks, splits: sources }: Dataset) {
  const valuesIn = async (split: Split) => {
    const { rows, inputs: all, targets, present } = await allRows(sources[split]);
    return { count: rows, inputs: all[0] ?? new Float32Array(), targets, present };
  };
  return {
    inputShape: inputs[0]?.shape,
    inputNames: inputs[0]?.features,
    tasks,
    splits: { train: await valuesIn("train"), validation: await valuesIn("validation"), test: await valuesIn("test") },
  };
}

describe("a data set from a table", () => {
  test("standardises numbers with the training rows alone", async () => {
    const { splits: parts, inputShape, inputNames } = await load(smallTable(40));
    expect([inputShape, inputNames]).toEqual([[1], ["x"]]);
    const { mean, deviation } = moments(parts.train.inputs);
    expect(mean).toBeCloseTo(0, 5);
    expect(deviation).toBeCloseTo(1, 5);
    expect(Math.abs(moments(parts.test.inputs).mean)).toBeGreaterThan(1e-3);
  });

  test.each([
    ["as text until they are too many", 40],
    ["as numbers", 1500],
  ])("standardises numbers that are far from 0 and near each other, kept %s", async (_, count) => {
    const { splits: parts } = await load(`x,y\n${rows((i) => `${1e15 + i},${1e15 + i}`, count)}`);
    for (const values of [parts.train.inputs, parts.train.targets[0] ?? new Float32Array()]) {
      const { mean, deviation } = moments(values);
      expect(Math.abs(mean)).toBeLessThan(1e-2);
      expect(deviation).toBeCloseTo(1, 3);
    }
  });

  test.each([
    ["json", (text: string) => `[${text}]`, ","],
    ["jsonl", (text: string) => text, "\n"],
  ])("takes the NaN that Python writes into %s for a missing value, and leaves texts alone", async (ending, whole, between) => {
    const text = JSON.stringify(': NaN, " NaN');
    const entries = Array.from(
      { length: 30 },
      (_, i) => `{"x": ${i % 3 === 0 ? "NaN" : i}, "k": ${i % 2 === 0 ? text : '"b"'}, "y": ${i}}`,
    );
    const content = whole(entries.join(between));
    const inputs = [{ column: "x", missing: "zero" as const }, "k"];
    const { inputNames } = await load(content, { inputs }, ending);
    expect(inputNames).toEqual(["x", 'k=: NaN, " NaN', "k=b"]);
  });

  test("takes a column for constant whose numbers differ by rounding alone", async () => {
    const { splits: parts } = await load(`x,y\n${rows((i) => `${i % 2 === 0 ? 0.3 : 0.1 + 0.2},${i}`)}`);
    expect(Math.max(...parts.train.inputs.map(Math.abs))).toBeLessThan(1e-12);
  });

  test("keeps categories apart that are whole numbers beyond all doubles", async () => {
    const inputs = [{ column: "x", encode: "one-hot" as const }];
    const { inputNames } = await load(`x,y\n${rows((i) => `900719925474099${i % 2 === 0 ? 2 : 3},${i}`)}`, { inputs });
    expect(inputNames).toEqual(["x=9007199254740992", "x=9007199254740993"]);
  });

  test("keeps a regression target's own unit in mean and deviation", async () => {
    const { tasks, splits: parts } = await load(smallTable(40));
    const numbers = tasks[0]?.numbers[0];
    if (numbers === undefined) throw new Error("no number");
    // y = 2x + 1, whichever rows train; x is standardised too, so both are the same numbers.
    parts.test.targets[0]?.forEach((target, row) => {
      expect(target).toBeCloseTo(parts.test.inputs[row] ?? Number.NaN, 5);
      const y = target * numbers.deviation + numbers.mean;
      expect(y).toBeCloseTo(Math.round(y), 3);
      expect(Math.round(y) % 2).toBe(1);
    });
  });

  test("one-hot encodes text by the training rows' categories, in the order of the alphabet", async () => {
    const { inputShape, inputNames, splits: parts } = await load(smallTable(40), { inputs: ["x", "kind"] });
    expect([inputShape, inputNames]).toEqual([[3], ["x", "kind=a", "kind=b"]]);
    for (const split of splits) {
      const { inputs, count } = parts[split];
      for (let row = 0; row < count; row++) expect((inputs[3 * row + 1] ?? 0) + (inputs[3 * row + 2] ?? 0)).toBe(1);
    }
  });

  test("gives zeros for a category that no training row has", async () => {
    const parts = splitRows(20, { validation: 0.15, test: 0.15, seed: 0 }, "rows");
    const rare = parts.test[0] ?? 0;
    const lines = Array.from({ length: 20 }, (_, i) => `${i === rare ? "rare" : "often"},${i}`);
    const { inputNames, splits: rows } = await load(`c,y\n${lines.join("\n")}\n`, { inputs: ["c"] });
    expect(inputNames).toEqual(["c=often"]);
    expect([...rows.test.inputs].filter((value) => value === 0)).toHaveLength(1);
  });

  test("sorts classes: numbers by size, text by code point", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i},${[10, 9, "1.0", 1][i % 4] ?? ""},${["b", "a", "B"][i % 3] ?? ""}`);
    const { tasks } = await load(`x,n,t\n${rows.join("\n")}\n`, {
      tasks: { n: { kind: "classification" }, t: { kind: "classification" } },
    });
    expect(tasks.map(({ classes }) => classes)).toEqual([
      ["1", "9", "10"],
      ["B", "a", "b"],
    ]);
  });

  test("marks a missing label as absent and never as a value", async () => {
    const lines = Array.from(
      { length: 30 },
      (_, i) => `${i},${i % 5 === 0 ? "" : i % 2 === 0 ? "a" : "b"},${i % 7 === 0 ? "NA" : i + 100}`,
    );
    const { splits: parts, tasks } = await load(`x,t,y\n${lines.join("\n")}\n`, {
      tasks: { t: { kind: "classification" }, y: { kind: "regression" } },
      split: { seed: 3 },
    });
    const kept = (task: number): number => splits.reduce((sum, split) => sum + sumOf(parts[split].present[task]), 0);
    // Row 0 has neither label and is left out.
    expect(splits.reduce((sum, split) => sum + parts[split].count, 0)).toBe(29);
    expect([kept(0), kept(1)]).toEqual([24, 25]);
    expect(tasks[0]?.classes).toEqual(["a", "b"]);
    expect(tasks[1]?.numbers[0]?.mean).toBeGreaterThan(100);
  });

  test("drops rows without an input, or fills the training mean, as told", async () => {
    const lines = Array.from({ length: 30 }, (_, i) => `${i === 4 ? "" : i},${i}`);
    const content = `x,y\n${lines.join("\n")}\n`;
    const dropped = await load(content, { missing: "drop" });
    expect(splits.reduce((sum, split) => sum + dropped.splits[split].count, 0)).toBe(29);
    const filled = await load(content, { missing: "mean" });
    expect(splits.reduce((sum, split) => sum + filled.splits[split].count, 0)).toBe(30);
    expect(splits.flatMap((split) => [...filled.splits[split].inputs]).filter((value) => value === 0)).toHaveLength(1);
  });

  test("gives missing text a category of its own when it is to be filled in", async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${i % 2 === 0 ? "" : "a"},${i}`);
    const { inputNames, splits: parts } = await load(`c,y\n${lines.join("\n")}\n`, { inputs: ["c"], missing: "mean" });
    expect(inputNames).toEqual(["c=a", "c=(missing)"]);
    const features = splits.flatMap((split) => [...parts[split].inputs]);
    const sums = [0, 1].map((column) => sumOf(features.filter((_, index) => index % 2 === column)));
    expect(sums).toEqual([20, 20]);
  });

  test("stays finite where an input or a target does not vary", async () => {
    const lines = Array.from({ length: 20 }, () => "0.1,0.3");
    const { splits: parts, tasks } = await load(`x,y\n${lines.join("\n")}\n`);
    for (const split of splits) {
      expect([...parts[split].inputs].every((value) => Math.abs(value) < 1e-6)).toBe(true);
      expect([...(parts[split].targets[0] ?? [])].every((value) => Math.abs(value) < 1e-6)).toBe(true);
    }
    expect(tasks[0]?.numbers[0]?.deviation).toBe(1);
  });

  test("is the same in csv and json, and the same each time", async () => {
    const csv = await load(smallTable(30), { inputs: ["x", "kind"] });
    const rows = Array.from({ length: 30 }, (_, i) => ({ x: i, kind: i % 3 === 0 ? "a" : "b", y: 2 * i + 1 }));
    const json = await load(JSON.stringify(rows), { inputs: ["x", "kind"] }, "json");
    expect(json).toEqual(csv);
    expect(await load(smallTable(30), { inputs: ["x", "kind"] })).toEqual(csv);
  });
});

describe("a table that cannot be used", () => {
  test.each<[string, string, Omit<TableSettings, "file">, Record<string, unknown>]>([
    [
      "an input column is missing",
      smallTable(20),
      { inputs: ["X "] },
      { code: "MTL301", path: ["data", "inputs", 0], message: 'Did you mean "x"?' },
    ],
    [
      "a label column is missing",
      smallTable(20),
      { tasks: { mass: { kind: "regression", column: "weight" } } },
      { code: "MTL301", path: ["tasks", "mass", "column"], column: "weight", message: "x, kind, y" },
    ],
    [
      "a task's own name is no column",
      smallTable(20),
      { tasks: { kinds: { kind: "classification" } } },
      { code: "MTL301", path: ["tasks", "kinds"], message: '"kind"?' },
    ],
    [
      "a number is wanted and text is found",
      `x,y\n1,2\n2,heavy\n${rows((i) => `${i},${i}`)}`,
      {},
      { code: "MTL304", path: ["tasks", "y"], row: 3, column: "y", message: '"heavy" in line 3' },
    ],
    [
      "all labels are missing",
      `x,y\n${rows((i) => `${i},`)}`,
      {},
      { code: "MTL306", path: ["tasks", "y"], message: "no label in any row" },
    ],
    ["an input is empty", `x,y\n${rows((i) => `,${i}`)}`, {}, { code: "MTL306", path: ["data", "inputs", 0], message: "no value" }],
    [
      "an input is missing in a row",
      `x,y\n${rows((i) => `${i === 2 ? "" : i},${i}`)}`,
      {},
      { code: "MTL307", path: ["data", "inputs", 0], row: 4, message: "line 4" },
    ],
    [
      "there is one class",
      `x,y\n${rows((i) => `${i},a`)}`,
      { tasks: { y: { kind: "classification" } } },
      { code: "MTL303", path: ["tasks", "y"], message: "only one class" },
    ],
    [
      "an input is a whole number that cannot be held",
      `x,y\n${rows((i) => `${i === 7 ? "9007199254740993" : i},${i}`)}`,
      {},
      { code: "MTL347", row: 9, message: "9007199254740993 in line 9" },
    ],
    [
      "cells are separated by semicolons and decimals by commas",
      "x;y\n1,5;2\n",
      {},
      { code: "MTL311", message: "decimal points where its numbers have decimal commas" },
    ],
    ["an input is nearly numbers", `x,y\n${rows((i) => `${i === 7 ? "5x" : i},${i}`)}`, {}, { code: "MTL315", row: 9, message: '"5x"' }],
    [
      "a text input is an identifier",
      `x,y\n${rows((i) => `id-${i},${i}`, 1200)}`,
      {},
      { code: "MTL316", path: ["data", "inputs", 0], message: "more than 1,000 different texts" },
    ],
    ["a split gets no row", smallTable(3), {}, { code: "MTL319", path: ["data", "split"], message: "3 usable rows" }],
    ["nothing is left to train on", smallTable(40), { split: { validation: 0.5, test: 0.5 } }, { code: "MTL319", message: '"train"' }],
  ])("because %s tells what and where", async (_, content, settings, { message, ...expected }) => {
    await expect(load(content, settings)).rejects.toMatchObject({
      name: "DataError",
      ...expected,
      message: containing(String(message)),
    });
  });

  test("because of decimal commas is told in a check, which reads the rows first", async () => {
    const file = folder.write("commas.csv", "x;y\n1,5;2\n");
    const { facts } = await inspectData(tableExperiment({ file }), folder.path, new PrefixCache(), true);
    expect(facts.problems).toMatchObject([{ code: "MTL311", message: containing('";" and to write decimals with a comma') }]);
  });

  test("because a class or all labels are outside of the training rows tells what and where", async () => {
    const parts = splitRows(20, { validation: 0.15, test: 0.15, seed: 0 }, "rows");
    const rare = parts.validation[0] ?? 0;
    const unseen = `x,y\n${rows((i) => `${i},${i === rare ? "rare" : i % 2 === 0 ? "a" : "b"}`, 20)}`;
    await expect(load(unseen, { tasks: { y: { kind: "classification" } } })).rejects.toMatchObject({
      code: "MTL318",
      row: rare + 2,
      message: containing('Class "rare"'),
    });
    const unlabelled = `x,y,z\n${rows((i) => `${i},${i},${i === rare ? i : ""}`, 20)}`;
    const loading = load(unlabelled, { tasks: { y: { kind: "regression" }, z: { kind: "regression" } } });
    await expect(loading).rejects.toMatchObject({ code: "MTL317", path: ["tasks", "z"] });
  });
});

describe("a split", () => {
  const shares = fc.record({
    validation: fc.double({ min: 0.05, max: 0.45, noNaN: true }),
    test: fc.double({ min: 0.05, max: 0.45, noNaN: true }),
    seed: fc.nat(),
  });
  law.prop([fc.integer({ min: 30, max: 400 }), shares])("has each row once, and the sizes that were asked for", (count, asked) => {
    const parts = splitRows(count, asked, "rows");
    const all = splits.flatMap((split) => [...parts[split]]).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(parts.test).toHaveLength(Math.round(count * asked.test));
    expect(parts.validation).toHaveLength(Math.round(count * asked.validation));
  });

  law.prop([shares])("is the same for the same seed and another for another seed", (asked) => {
    const parts = splitRows(200, asked, "rows");
    expect(splitRows(200, asked, "rows")).toEqual(parts);
    expect(splitRows(200, { ...asked, seed: asked.seed + 1 }, "rows").train).not.toEqual(parts.train);
  });
});

function moments(values: Float32Array): { readonly mean: number; readonly deviation: number } {
  const mean = sumOf(values) / values.length;
  return { mean, deviation: Math.sqrt(sumOf(values.map((value) => (value - mean) ** 2)) / values.length) };
}

function sumOf(values: Iterable<number> | undefined): number {
  return [...(values ?? [])].reduce((sum, value) => sum + value, 0);
}

describe("what is told of a table before training", () => {
  const lines = (cells: (row: number) => string): string => `x,y\n${Array.from({ length: 40 }, (_, i) => `${i},${cells(i)}`).join("\n")}\n`;

  async function problems(content: string, settings: Omit<TableSettings, "file"> = {}, ending = "csv") {
    const file = folder.write(`told.${ending}`, content);
    const { facts } = await inspectData(tableExperiment({ file, ...settings }), folder.path, new PrefixCache(), true);
    return facts.problems.map(({ code, message, severity = "error" }) => [code, severity, message]);
  }

  test("a task that nothing of the test rows has a label for is warned of", async () => {
    const { test: tested } = splitRows(40, { validation: 0.15, test: 0.15, seed: 0 }, "rows");
    const kinds = { y: { kind: "regression" }, x: { kind: "regression" } } as const;
    const told = await problems(
      lines((row) => (tested.includes(row) ? "" : String(row))),
      { tasks: kinds },
    );
    expect(told).toEqual([["MTL322", "warning", containing('Task "y" has no label in any of the 6 test rows')]]);
  });

  test("a regression on a label that never changes is warned of", async () => {
    expect(await problems(lines(() => "7"))).toEqual([["MTL323", "warning", containing("the same label in every training row")]]);
  });

  test("a number that cannot be computed with is refused", async () => {
    expect(await problems(lines((row) => (row === 5 ? "1e308" : String(row))))).toEqual([
      ["MTL324", "error", containing('"y" has 1e308 in line 7')],
    ]);
  });

  test("another separator is named once, whatever columns are lacking", async () => {
    expect(await problems(lines(String).replaceAll(",", ";"))).toEqual([["MTL311", "error", containing('separate its cells by ";"')]]);
  });

  test("a single row is too few, whatever its labels", async () => {
    expect(await problems("x,y\n1,a\n", { tasks: { y: { kind: "classification" } } })).toEqual([
      ["MTL319", "error", containing("has 1 row, which is too few")],
    ]);
  });
});

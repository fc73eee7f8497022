import { afterAll, describe, expect, test } from "vitest";

import { experimentSchema } from "../../../../../src/experiment/schema.ts";
import type { TableInput } from "../../../../../src/experiment/table-inputs.ts";
import { loadData } from "../../../../../src/training/data/load.ts";
import { splitRows } from "../../../../../src/training/data/split.ts";
import { parseDate } from "../../../../../src/training/data/tables/dates.ts";
import { allRows } from "../all-rows.ts";
import { containing } from "../containing.ts";
import { tableExperiment, type TableSettings } from "../experiment.ts";
import { temporaryFolder } from "../folder.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

const rowCount = 40;
const { train, test: tested } = splitRows(rowCount, { validation: 0.15, test: 0.15, seed: 0 }, "rows");

/** A row that trains. */
const missing = train[4] ?? 0;

/** A table of the columns `c` and `y`, one cell of `c` a row. */
async function load(cells: (row: number) => string, input: Omit<TableInput, "column">, settings: Omit<TableSettings, "file"> = {}) {
  const lines = Array.from({ length: rowCount }, (_, row) => `${cells(row)},${row % 2}`);
  const file = folder.write("encoded.csv", `c,y\n${lines.join("\n")}\n`);
  const data = await loadData(tableExperiment({ file, inputs: [{ column: "c", ...input }], ...settings }), folder.path);
  const rows = await allRows(data.splits.train);
  const test = await allRows(data.splits.test);
  return {
    ...data,
    features: data.inputs[0]?.features,
    rows: rowsOf(rows.inputs[0], rows.rows),
    tested: rowsOf(test.inputs[0], test.rows),
  };
}

function rowsOf(all: Float32Array = new Float32Array(), rows: number): number[][] {
  const width = all.length / rows;
  return Array.from({ length: rows }, (_, row) => [...all.subarray(row * width, (row + 1) * width)]);
}

const close = (numbers: readonly number[]): unknown[] => numbers.map((each): unknown => expect.closeTo(each, 5));

describe("a number", () => {
  test("may keep its own scale, or fill the range from 0 to 1", async () => {
    const own = await load((row) => String(row * 10), { scale: "none" });
    expect(own.rows).toEqual([...train].map((row) => [row * 10]));
    const ranged = await load((row) => String(row * 10), { scale: "minmax" });
    const [least, greatest] = [Math.min(...train), Math.max(...train)];
    expect(ranged.rows).toEqual([...train].map((row) => close([(row - least) / (greatest - least)])));
  });

  test.each(["mean", "zero", "category"] as const)("that is missing is filled as told: %s", async (rule) => {
    const { rows, features } = await load((row) => (row % 3 === 0 ? "" : String(row + 100)), { missing: rule, scale: "none" });
    const present = [...train].filter((row) => row % 3 !== 0);
    const mean = present.reduce((sum, row) => sum + row + 100, 0) / present.length;
    const expected = [...train].map((row) => {
      const value = row % 3 === 0 ? (rule === "zero" ? 0 : mean) : row + 100;
      return close(rule === "category" ? [value, row % 3 === 0 ? 1 : 0] : [value]);
    });
    expect(rows).toEqual(expected);
    expect(features).toEqual(rule === "category" ? ["c", "c=(missing)"] : ["c"]);
  });

  test("may be a category", async () => {
    const { features, rows } = await load((row) => ["1", "2", "1.0", "10"][row % 4] ?? "", { encode: "one-hot" });
    expect(features).toEqual(["c=1", "c=2", "c=10"]);
    expect(rows).toEqual([...train].map((row) => [row % 2 === 0 ? 1 : 0, row % 4 === 1 ? 1 : 0, row % 4 === 3 ? 1 : 0]));
  });

  test("keeps every digit of what is written, however few of its values differ", async () => {
    const values = [0.1, 1e-9, 123456789.123, -7];
    const { rows } = await load((row) => String(values[row % 4]), { scale: "none" });
    expect(rows).toEqual([...train].map((row) => [Math.fround(values[row % 4] ?? 0)]));
  });
});

describe("a text", () => {
  const cells = (row: number): string => (tested.includes(row) ? (row === tested[0] ? "new" : "") : (["a", "b", ""][row % 3] ?? ""));

  test("may be embedded: the network gets the category's number, and what no training row has is (other)", async () => {
    const { inputs, rows, tested: others, warnings } = await load(cells, { encode: "embedding", size: 3, missing: "category" });
    expect(inputs).toEqual([{ name: "table", shape: [1], features: ["c"], embeddings: [{ name: "c", rows: 4, size: 3, zeroRow: 3 }] }]);
    expect(rows).toEqual([...train].map((row) => [row % 3]));
    expect(others).toEqual([...tested].map((_, index) => [index === 0 ? 3 : 2]));
    expect(warnings).toEqual([containing('"new" of input "c" is in 1 validation or test row, first in line')]);
  });

  test("has a vector whose length follows from the number of categories, unless it is told", async () => {
    const { inputs } = await load((row) => `t${row}`, { encode: "embedding" });
    expect(inputs[0]?.embeddings?.[0]).toEqual({
      name: "c",
      rows: train.length + 1,
      size: Math.round(1.6 * (train.length + 1) ** 0.56),
      zeroRow: train.length,
    });
  });

  test("of more than a thousand kinds is embedded only where that is asked for", async () => {
    const lines = Array.from({ length: 1500 }, (_, row) => `t${row},${row}`);
    const file = folder.write("many.csv", `c,y\n${lines.join("\n")}\n`);
    const asked = (input: string | TableInput) => loadData(tableExperiment({ file, inputs: [input] }), folder.path);
    await expect(asked("c")).rejects.toMatchObject({ code: "MTL316", message: containing('use "encode: embedding"') });
    expect((await asked({ column: "c", encode: "embedding" })).inputs[0]?.embeddings?.[0]?.size).toBe(50);
  });

  test("that is embedded stands behind the other features of its input", async () => {
    const lines = Array.from({ length: 40 }, (_, row) => `${"ab"[row % 2] ?? ""},${row},${row}`);
    const file = folder.write("groups.csv", `c,x,y\n${lines.join("\n")}\n`);
    const embedded = { column: "c", encode: "embedding", size: 2 } as const;
    const experiment = experimentSchema.parse({
      name: "groups",
      data: { file, inputs: { one: [embedded, "x"], two: [embedded], three: ["c"] } },
      tasks: { y: { kind: "regression" } },
      model: { trunk: ["flatten"] },
    });
    const { inputs, splits } = await loadData(experiment, folder.path);
    const embeddings = [{ name: "c", rows: 3, size: 2, zeroRow: 2 }];
    expect(inputs).toEqual([
      { name: "one", shape: [2], features: ["x", "c"], embeddings },
      { name: "two", shape: [1], features: ["c"], embeddings },
      { name: "three", shape: [2], features: ["c=a", "c=b"] },
    ]);
    const { inputs: values, rows } = await allRows(splits.train);
    const [one = new Float32Array(), two, three = new Float32Array()] = values;
    for (let row = 0; row < rows; row++) {
      expect(one[2 * row + 1]).toBe(two?.[row]);
      expect(three[2 * row + (two?.[row] ?? 2)]).toBe(1);
    }
  });

  test("one-hot has no feature for what no training row has, which is told", async () => {
    const { features, tested: others, warnings } = await load(cells, { missing: "zero" });
    expect(features).toEqual(["c=a", "c=b"]);
    expect(others).toEqual([...tested].map(() => [0, 0]));
    expect(warnings).toEqual([containing("has no feature of its own")]);
  });
});

describe("a date", () => {
  const day = 86_400_000;
  const start = Date.UTC(2000, 10, 28, 22, 30);
  const dateOf = (row: number): Date => new Date(start + row * 1.25 * day);
  const cells = (row: number): string => dateOf(row).toISOString().slice(0, 16).replace("T", " ");

  test("enters by its parts, as sine and cosine of their cycle", async () => {
    const { features, rows } = await load(cells, { encode: ["month", "weekday", "minute-of-day"] });
    expect(features).toEqual(["month", "weekday", "minute-of-day"].flatMap((part) => [`c ${part} (sine)`, `c ${part} (cosine)`]));
    const angles = (row: number): number[] => {
      const date = dateOf(row);
      const minutes = date.getUTCHours() * 60 + date.getUTCMinutes();
      return [date.getUTCMonth() / 12, ((date.getUTCDay() + 6) % 7) / 7, minutes / 1440];
    };
    const expected = [...train].map((row) =>
      close(angles(row).flatMap((turn) => [Math.sin(2 * Math.PI * turn), Math.cos(2 * Math.PI * turn)])),
    );
    expect(rows).toEqual(expected);
  });

  test("may give numbers", async () => {
    const { features, rows } = await load(cells, {
      encode: ["year", "day", "day-of-year", "hour", "minute"],
      cyclic: false,
      scale: "none",
    });
    expect(features).toEqual(["c year", "c day", "c day-of-year", "c hour", "c minute"]);
    const expected = [...train].map((row) => {
      const date = dateOf(row);
      const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1);
      const dayOfYear = Math.floor((date.getTime() - yearStart) / day) + 1;
      return [date.getUTCFullYear(), date.getUTCDate(), dayOfYear, date.getUTCHours(), date.getUTCMinutes()];
    });
    expect(rows).toEqual(expected);
  });

  test("that is missing is the middle of each cycle, with a feature that says so where that is asked for", async () => {
    const { rows } = await load((row) => (row % 2 === 0 ? "" : cells(row)), { encode: ["hour"], missing: "category" });
    expect(rows.filter((_, index) => (train[index] ?? 0) % 2 === 0).every((row) => row.join() === "0,0,1")).toBe(true);
    expect(rows.filter((_, index) => (train[index] ?? 0) % 2 === 1).every((row) => row[2] === 0)).toBe(true);
  });

  test.each([
    ["2001-01-14", Date.UTC(2001, 0, 14)],
    ["2001-01-14 21:55", Date.UTC(2001, 0, 14, 21, 55)],
    ["2001-01-14T21:55:07.25Z", Date.UTC(2001, 0, 14, 21, 55, 7, 250)],
    ["2001-01-14T21:55:00+01:30", Date.UTC(2001, 0, 14, 20, 25)],
    ["2000-02-29", Date.UTC(2000, 1, 29)],
    ["2001-02-29", undefined],
    ["2001-13-01", undefined],
    ["2001-01-14T24:00", undefined],
    ["14.1.2001", undefined],
    ["20010114", undefined],
  ])("is written as ISO 8601 does: %s", (text, expected) => {
    expect(parseDate(text)).toBe(expected);
  });
});

describe("a label", () => {
  test("may be the side of a threshold that a number is on, beside the number itself", async () => {
    const tasks = { high: { column: "c", kind: "classification", threshold: 19.5 }, y: { kind: "regression" } } as const;
    const data = await load((row) => (row === missing ? "" : String(row)), { missing: "zero" }, { tasks });
    expect(data.tasks[0]).toMatchObject({ classes: ["at most 19.5", "over 19.5"] });
    const { targets, present } = await allRows(data.splits.train);
    expect([...(targets[0] ?? [])]).toEqual([...train].map((row) => (row > 19.5 && row !== missing ? 1 : 0)));
    expect([...(present[0] ?? [])]).toEqual([...train].map((row) => (row === missing ? 0 : 1)));
  });

  test("on a threshold must be a number", async () => {
    const tasks = { high: { column: "c", kind: "classification", threshold: 1 } } as const;
    await expect(load((row) => (row === 7 ? "late" : String(row)), { encode: "one-hot" }, { tasks })).rejects.toMatchObject({
      code: "MTL304",
      path: ["tasks", "high", "column"],
      row: 9,
      message: containing('compares numbers with 1, but column "c" has "late" in line 9'),
    });
  });
});

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Dataset } from "../../../../../src/training/data/dataset.ts";
import { inspectData } from "../../../../../src/training/data/inspect.ts";
import { loadData } from "../../../../../src/training/data/load.ts";
import { PrefixCache } from "../../../../../src/training/data/tables/prefix.ts";
import { allRows } from "../all-rows.ts";
import { containing } from "../containing.ts";
import { tableExperiment, type TableSettings } from "../experiment.ts";
import { temporaryFolder } from "../folder.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const count = 30;
/** Of each row: a number, the place that it tells of, and the labels of its divisors. */
const rows = Array.from({ length: count }, (_, i) => ({
  x: i,
  place: i === 4 ? null : [i, -2 * i + 5],
  divisors: [2, 3].filter((each) => i % each === 0).map((each) => `by ${each}`),
  marks: [i % 2 === 0 ? 1 : 0, i === 6 ? null : Number(i % 3 === 0)],
}));
const tasks = { place: { kind: "regression" }, divisors: { kind: "multi-label" }, marks: { kind: "multi-label" } } as const;

type Rows = readonly Readonly<Record<string, unknown>>[];
const forms: readonly (readonly [ending: string, write: (rows: Rows) => string])[] = [
  ["jsonl", (all) => all.map((row) => JSON.stringify(row)).join("\n")],
  ["json", (all) => JSON.stringify(all)],
];
const columns = JSON.stringify(
  Object.fromEntries(["x", "place", "divisors", "marks"].map((name) => [name, rows.map((row) => row[name as "x"])])),
);

async function load(file: string, settings: Omit<TableSettings, "file">): Promise<Dataset> {
  return await loadData(tableExperiment({ file, ...settings }), folder.path);
}

describe("lists in a column of labels", () => {
  test.each([...forms, ["json", () => columns] as const])(
    "of %s are the components of a vector, and the labels of a row",
    async (ending, write) => {
      const dataset = await load(folder.write(`lists.${ending}`, write(rows)), { inputs: ["x"], tasks });
      const [place, divisors, marks] = dataset.tasks;
      expect(place).toMatchObject({ shape: [2], classes: [] });
      expect(place?.numbers[1]?.deviation).toBeCloseTo(2 * (place?.numbers[0]?.deviation ?? 0), 9);
      expect([divisors?.classes, marks?.classes]).toEqual([
        ["by 2", "by 3"],
        ["0", "1"],
      ]);
      const all = await allRows(dataset.splits.train);
      const vectors = all.targets[0] ?? new Float32Array();
      for (let row = 0; row < all.rows; row++) {
        // The second component falls twice as fast as the first grows; standardised they are each other's mirror.
        if (all.present[0]?.[row] === 1) expect(vectors[2 * row + 1]).toBeCloseTo(-(vectors[2 * row] ?? 0), 5);
      }
      const present = [...(all.present[0] ?? [])].filter((mark) => mark === 0).length;
      expect(present).toBeLessThanOrEqual(1);
      const both = [...(all.targets[1] ?? [])];
      const marked = [...(all.targets[2] ?? [])];
      both.forEach((value, i) => {
        if (!Number.isNaN(marked[i])) expect(value).toBe(marked[i]);
      });
      expect(divisors?.counts?.every((each) => each > 5)).toBe(true);
    },
  );

  test("of parquet are too", async () => {
    copyFileSync(join(import.meta.dirname, "parquet/zstd.parquet"), join(folder.path, "lists.parquet"));
    const dataset = await load("lists.parquet", { inputs: ["double"], missing: "mean", tasks: { list: { kind: "regression" } } });
    const [list] = dataset.tasks;
    const numbers = list?.numbers ?? [];
    expect(list?.shape).toEqual([2]);
    expect((numbers[1]?.mean ?? 0) - (numbers[0]?.mean ?? 0)).toBeCloseTo(1, 9);
    expect(numbers[0]?.deviation).toBeCloseTo(numbers[1]?.deviation ?? 0, 9);
  });

  test.each<[string, number, unknown, string, string]>([
    ["shorter than others", 7, { place: [1] }, "MTL354", "list of 1"],
    ["with a word in it", 7, { place: [1, "far"] }, "MTL304", '"far"'],
    ["with lists in it", 7, { place: [1, [2]] }, "MTL328", "lists or objects"],
    ["with something else than 0 and 1", 7, { marks: [2, 0] }, "MTL353", "2"],
    ["that is no list", 7, { place: 3 }, "MTL354", "list of 1"],
  ])("that is %s is told with its row, before and at training", async (_, row, change, code, words) => {
    const wrong = rows.map((each, i) => (i === row ? { ...each, ...(change as object) } : each));
    const file = folder.write("wrong.jsonl", forms[0]?.[1](wrong) ?? "");
    const expected = { code, row: row + 1, message: containing(words) };
    await expect(load(file, { inputs: ["x"], tasks })).rejects.toMatchObject(expected);
    const { facts } = await inspectData(tableExperiment({ file, inputs: ["x"], tasks }), folder.path, new PrefixCache(), true);
    expect(facts.problems).toMatchObject([{ code, message: containing(words) }]);
  });

  test.each<[Omit<TableSettings, "file">, string]>([
    [{ inputs: ["place"], tasks: { x: { kind: "regression" } } }, "cannot be used"],
    [{ inputs: ["x"], tasks: { divisors: { kind: "classification" } } }, "are labels of kinds multi-label and regression alone"],
  ])("are no inputs, and no classes", async (settings, words) => {
    const file = folder.write("refused.jsonl", forms[0]?.[1](rows) ?? "");
    await expect(load(file, settings)).rejects.toMatchObject({ code: "MTL328", message: containing(words) });
  });
});

import { createWriteStream, readFileSync } from "node:fs";
import { finished } from "node:stream/promises";
import { once } from "node:events";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterAll, describe, expect, test } from "vitest";

import { inspectData } from "../../../../src/training/data/inspect.ts";
import { loadData } from "../../../../src/training/data/load.ts";
import { splitRows } from "../../../../src/training/data/split.ts";
import { PrefixCache } from "../../../../src/training/data/tables/prefix.ts";
import { containing } from "./containing.ts";
import { tableExperiment, type TableSettings } from "./experiment.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

const rowCount = 60;
const parts = splitRows(rowCount, { validation: 0.15, test: 0.15, seed: 0 }, "rows");
const [validated = 0] = parts.validation;
const isTrained = (row: number): boolean => parts.train.includes(row);

/** `x`, `kind` and `y` of a row, some of them other than usual. */
type Changes = (row: number) => { readonly x?: string | number; readonly kind?: string; readonly y?: string | number };
const cellsOf = (row: number, changes: Changes): (string | number)[] => {
  const { x = row, kind = row % 3 === 0 ? "a" : "b", y = 2 * row + 1 } = changes(row);
  return [x, kind, y];
};
const rows = Array.from({ length: rowCount }, (_, row) => row);
const csv = (changes: Changes = () => ({})): string => `x,kind,y\n${rows.map((row) => cellsOf(row, changes).join(",")).join("\n")}\n`;
const jsonl = (changes: Changes = () => ({})): string =>
  rows.map((row) => JSON.stringify(Object.fromEntries(cellsOf(row, changes).map((cell, i) => [["x", "kind", "y"][i], cell])))).join("\n");
const parquet = (name: string): Buffer => readFileSync(join(import.meta.dirname, "tables", "parquet", `${name}.parquet`));

const classes = { kind: { kind: "classification" } } as const;
const both = { kind: { kind: "classification" }, y: { kind: "regression" } } as const;

interface Expected {
  readonly code: string;
  readonly path: readonly (string | number)[];
  readonly row?: number;
  readonly column?: string;
  /** What the message must say beside the place. */
  readonly says: string;
}

type Case = readonly [what: string, file: string, content: string | Uint8Array, settings: Omit<TableSettings, "file">, expected: Expected];

const file = ["data", "file"] as const;
const cases: readonly Case[] = [
  // The file as such.
  ["gzip that ends early", "t.csv.gz", gzipSync(csv()).subarray(0, -20), {}, { code: "MTL325", path: file, says: "in the middle" }],
  ["gzip that is none", "t.csv.gz", csv(), {}, { code: "MTL325", path: file, says: "damaged" }],
  ["parquet that ends early", "t.parquet", parquet("zstd").subarray(0, 5000), {}, { code: "MTL325", path: file, says: "its end" }],
  [
    "parquet with damaged pages",
    "t.parquet",
    Buffer.concat([parquet("gzip").subarray(0, 100), Buffer.alloc(400, 7), parquet("gzip").subarray(500)]),
    { inputs: ["int64"], tasks: { double: { kind: "regression" } } },
    { code: "MTL325", path: file, column: "int64", says: 'column "int64" cannot be read in rows 1 to 16' },
  ],
  [
    "text that is not UTF-8",
    "t.csv",
    Buffer.from(
      csv((row) => (row === 30 ? { kind: "é" } : {})),
      "latin1",
    ),
    {},
    { code: "MTL311", path: file, row: 32, says: "line 32" },
  ],
  [
    "an open quote",
    "t.csv",
    csv((row) => (row === 30 ? { kind: '"a' } : {})),
    {},
    { code: "MTL311", path: file, row: 32, says: "opened in line 32" },
  ],
  [
    "a ragged row",
    "t.csv",
    csv((row) => (row === 30 ? { kind: "a,b" } : {})),
    {},
    { code: "MTL312", path: file, row: 32, says: "Line 32" },
  ],
  ["a column without a name", "t.csv", csv().replace("kind", ""), {}, { code: "MTL314", path: file, says: "Column 2" }],
  ["two columns of one name", "t.csv", csv().replace("kind", "x"), {}, { code: "MTL314", path: file, says: 'two columns named "x"' }],
  ["nothing but a header", "t.csv", "x,kind,y\n", {}, { code: "MTL311", path: file, says: "no rows" }],
  ["a broken line of json", "t.jsonl", `${jsonl()}\n{"x":`, {}, { code: "MTL311", path: file, row: 61, says: "line 61" }],
  ["another separator", "t.csv", csv().replaceAll(",", ";"), {}, { code: "MTL311", path: file, says: 'separate its cells by ";"' }],

  // Columns.
  [
    "no such column",
    "t.csv",
    csv(),
    { inputs: ["X"] },
    { code: "MTL301", path: ["data", "inputs", 0], column: "X", says: 'Did you mean "x"?' },
  ],
  [
    "no such column of an encoded input",
    "t.csv",
    csv(),
    { inputs: [{ column: "kinds", encode: "embedding" }] },
    { code: "MTL301", path: ["data", "inputs", 0, "column"], column: "kinds", says: 'Did you mean "kind"?' },
  ],
  [
    "no such key in any line of json",
    "t.jsonl",
    jsonl(),
    { inputs: ["z"] },
    { code: "MTL301", path: ["data", "inputs", 0], column: "z", says: "x, kind, y" },
  ],
  [
    "no such label",
    "t.csv",
    csv(),
    { tasks: { mass: { kind: "regression" } } },
    { code: "MTL301", path: ["tasks", "mass"], column: "mass", says: "x, kind, y" },
  ],
  [
    "lists in a column",
    "t.parquet",
    parquet("zstd"),
    { inputs: ["list"], tasks: { double: { kind: "regression" } } },
    { code: "MTL328", path: ["data", "inputs", 0], column: "list", says: "lists" },
  ],
  [
    "structs as labels",
    "t.parquet",
    parquet("zstd"),
    { inputs: ["double"], tasks: { struct: { kind: "regression" } } },
    { code: "MTL328", path: ["tasks", "struct"], column: "struct", says: "structs" },
  ],
  [
    "a list in a line of json",
    "t.jsonl",
    `${jsonl()}\n{"x":[1],"y":1}`,
    {},
    { code: "MTL328", path: file, row: 61, column: "x", says: "line 61" },
  ],
  [
    "a date as it is",
    "t.parquet",
    parquet("zstd"),
    { inputs: ["micros"], tasks: { double: { kind: "regression" } } },
    { code: "MTL329", path: ["data", "inputs", 0], column: "micros", says: "encode: [month, weekday, hour]" },
  ],
  [
    "parts of a date of text that is none",
    "t.csv",
    csv((row) => ({ kind: row === 44 ? "14.1.2001" : "2001-01-14" })),
    { inputs: [{ column: "kind", encode: ["month"] }] },
    { code: "MTL329", path: ["data", "inputs", 0, "column"], row: 46, column: "kind", says: '"14.1.2001" in line 46' },
  ],

  // Inputs.
  [
    "an input without any value",
    "t.csv",
    csv(() => ({ x: "" })),
    {},
    { code: "MTL306", path: ["data", "inputs", 0], column: "x", says: "no value" },
  ],
  [
    "an input that is missing",
    "t.csv",
    csv((row) => (row > 50 ? { x: "NA" } : {})),
    {},
    { code: "MTL307", path: ["data", "inputs", 0], row: 53, column: "x", says: "in 9 of 60 rows, first in line 53" },
  ],
  [
    "text among numbers",
    "t.csv",
    csv((row) => (row === 44 ? { x: "4.4.4" } : {})),
    {},
    { code: "MTL315", path: ["data", "inputs", 0], row: 46, column: "x", says: '"4.4.4"' },
  ],
  [
    "text in a declared number",
    "t.csv",
    csv(),
    { inputs: [{ column: "kind", encode: "number" }] },
    { code: "MTL315", path: ["data", "inputs", 0, "column"], row: 2, column: "kind", says: "is declared a number, but line 2" },
  ],
  [
    "a number beyond all bounds",
    "t.jsonl",
    jsonl((row) => (row === 44 ? { x: 1e300 } : {})),
    {},
    { code: "MTL324", path: ["data", "inputs", 0], row: 45, column: "x", says: "line 45" },
  ],

  // Labels.
  [
    "text as a number to predict",
    "t.csv",
    csv((row) => (row === 44 ? { y: "heavy" } : {})),
    {},
    { code: "MTL304", path: ["tasks", "y"], row: 46, column: "y", says: '"heavy" in line 46' },
  ],
  [
    "no label at all",
    "t.csv",
    csv(() => ({ y: "" })),
    { tasks: both },
    { code: "MTL306", path: ["tasks", "y"], column: "y", says: "no label in any row" },
  ],
  [
    "one class only",
    "t.csv",
    csv(() => ({ kind: "a" })),
    { tasks: classes },
    { code: "MTL303", path: ["tasks", "kind"], column: "kind", says: "only one class" },
  ],
  [
    "a class that is never trained",
    "t.csv",
    csv((row) => (row === validated ? { kind: "rare" } : {})),
    { tasks: classes },
    {
      code: "MTL318",
      path: ["tasks", "kind"],
      row: validated + 2,
      column: "kind",
      says: `"rare" of task "kind" is in the validation rows (line ${validated + 2} of "t.csv")`,
    },
  ],
  [
    "no label that is trained",
    "t.csv",
    csv((row) => (isTrained(row) ? { y: "" } : {})),
    { tasks: both },
    { code: "MTL317", path: ["tasks", "y"], column: "y", says: "42 training rows" },
  ],

  // Splits.
  ["too few rows", "t.csv", "x,y\n1,2\n2,3\n", {}, { code: "MTL319", path: file, says: "has 2 rows" }],
  [
    "a share that is too small",
    "t.csv",
    csv(),
    { split: { validation: 0.001 } },
    { code: "MTL319", path: ["data", "split"], says: 'none is left for "validation"' },
  ],
  [
    "nothing left to train on",
    "t.csv",
    csv(),
    { split: { validation: 0.5, test: 0.5 } },
    { code: "MTL319", path: ["data", "split"], says: 'none is left for "train"' },
  ],
];

describe.each(cases)("%s", (_, name, content, settings, { says, ...place }) => {
  const written = (): ReturnType<typeof tableExperiment> => tableExperiment({ file: folder.write(name, content), ...settings });

  test("is told with its place when the training begins", async () => {
    await expect(loadData(written(), folder.path)).rejects.toMatchObject({ name: "DataError", ...place, message: containing(says) });
  });

  test("is told the same while it is typed", async () => {
    const { facts } = await inspectData(written(), folder.path, new PrefixCache(), true);
    expect(facts.problems[0]).toMatchObject({ code: place.code, message: containing(says) });
  });
});

describe("a table of three million rows", () => {
  const length = 3_000_000;
  const late = 2_900_000;

  /** Line `line` of the file is another than the others. */
  async function large(name: string, line: string): Promise<string> {
    const out = createWriteStream(join(folder.path, name));
    out.write("x,kind,y\n");
    for (let start = 2; start < length; start += 10_000) {
      const lines = Array.from({ length: 10_000 }, (__, i) =>
        start + i === late ? line : `${(start + i) % 977},${"ab"[i % 2] ?? ""},${i % 50}`,
      );
      if (!out.write(`${lines.join("\n")}\n`)) await once(out, "drain");
    }
    out.end();
    await finished(out);
    return name;
  }

  test(
    "is not read whole while it is typed, and what is wrong far down is told when the training begins",
    { timeout: 120_000 },
    async () => {
      const name = await large("large.csv", "5,a,heavy");
      const experiment = tableExperiment({ file: name });
      const { facts, shape } = await inspectData(experiment, folder.path, new PrefixCache(), true);
      expect(facts).toMatchObject({
        rows: undefined,
        columns: [
          { name: "x", type: "number" },
          { name: "kind", type: "text" },
          { name: "y", type: "number" },
        ],
      });
      expect(facts.problems).toEqual([
        {
          path: ["data", "file"],
          code: "MTL333",
          severity: "information",
          message: containing("the first 349,525 rows were checked here"),
        },
      ]);
      expect(shape?.inputs[0]?.features).toEqual(["x"]);
      await expect(loadData(experiment, folder.path)).rejects.toMatchObject({
        code: "MTL304",
        row: late,
        column: "y",
        message: containing(`"heavy" in line ${late}`),
      });
    },
  );
});

import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { afterAll, describe, expect, test } from "vitest";

import { openTable } from "../../../../../src/training/data/tables/open-table.ts";
import { convertValues, type ParquetColumn } from "../../../../../src/training/data/tables/parquet-types.ts";
import { containing } from "../containing.ts";
import { temporaryFolder } from "../folder.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

type Cell = string | number | null;

/** All rows of a table file, column by column, with the rows' places. */
async function read(path: string, names?: readonly string[]) {
  const reader = await openTable(path);
  const wanted = names ?? reader.columns.filter(({ type }) => type !== "nested").map(({ name }) => name);
  const columns: Record<string, Cell[]> = Object.fromEntries(wanted.map((name) => [name, []]));
  const places: number[] = [];
  const types: Record<string, string> = {};
  for await (const chunk of reader.chunks(wanted)) {
    for (const place of chunk.places) places.push(place);
    chunk.columns.forEach(({ type, values }, index) => {
      const name = wanted[index] ?? "";
      types[name] = type;
      for (const value of values) columns[name]?.push(typeof value === "number" && Number.isNaN(value) ? null : value);
    });
  }
  return { reader, columns, places, types };
}

async function written(name: string, content: string | Uint8Array) {
  folder.write(name, content);
  return await read(join(folder.path, name));
}

describe("a text table", () => {
  test("in csv may have a byte order mark, CRLF line ends, quoted cells and blank lines", async () => {
    const { columns } = await written("a.csv", '\uFEFFname,"size, in cm"\r\n"Adelie, small",1.5\r\n\r\n"line\nbreak","2e1"\r\n');
    expect(columns).toEqual({ name: ["Adelie, small", "line\nbreak"], "size, in cm": ["1.5", "2e1"] });
  });

  test("tells the line of a row as an editor shows it", async () => {
    expect((await written("lines.csv", "x\n1\n\n2\n")).places).toEqual([2, 4]);
    expect((await written("lines.jsonl", '{"x": 1}\n\n{"x": 2}\n')).places).toEqual([1, 3]);
    expect((await written("entries.json", '[{"x": 1},\n\n{"x": 2}]')).places).toEqual([1, 2]);
  });

  test("may be tab-separated", async () => {
    expect((await written("a.tsv", "x\ty\n1,5\t2\n")).columns).toEqual({ x: ["1,5"], y: ["2"] });
  });

  test("counts blank, NA, NaN and null as missing", async () => {
    const { columns } = await written("missing.csv", "x,y\n1,\nNA,a\nNaN,b\nnull, \n");
    expect(columns).toEqual({ x: ["1", null, null, null], y: [null, "a", "b", null] });
  });

  test("in json may be an array of objects, where a key left out is missing and may come late", async () => {
    const { columns, reader } = await written("rows.json", '[{"x": 1, "ok": true}, {"x": null, "ok": false}]');
    expect(columns).toEqual({ x: ["1", null], ok: ["true", "false"] });
    expect(reader.allColumnsKnown).toBe(false);
    folder.write("late.json", `[${'{"x": 1},'.repeat(200_000)}{"t": "a"}]`);
    const late = await read(join(folder.path, "late.json"), ["t"]);
    expect(late.columns["t"]?.filter((cell) => cell !== null)).toEqual(["a"]);
    expect(late.reader.columns.map(({ name }) => name)).toEqual(["x", "t"]);
  });

  test("in json may be an object of columns, and in jsonl a line for each row", async () => {
    const expected = { x: ["1", "2.5"], t: ["a", null] };
    expect((await written("columns.json", '{"x": [1, 2.5], "t": ["a", null]}')).columns).toEqual(expected);
    for (const ending of ["jsonl", "ndjson"]) {
      expect((await written(`lines.${ending}`, '{"x": 1, "t": "a"}\r\n{"x": 2.5}')).columns).toEqual(expected);
    }
  });

  test("may be packed with gzip, whatever its format", async () => {
    const expected = { x: ["1", "2"], t: ["a", "ü"] };
    for (const [name, text] of [
      ["p.csv", "x,t\n1,a\n2,ü\n"],
      ["p.tsv", "x\tt\n1\ta\n2\tü\n"],
      ["p.json", '[{"x": 1, "t": "a"}, {"x": 2, "t": "ü"}]'],
      ["p.jsonl", '{"x": 1, "t": "a"}\n{"x": 2, "t": "ü"}\n'],
    ] as const) {
      expect((await written(`${name}.gz`, gzipSync(text))).columns).toEqual(expected);
    }
  });

  test("is the same however its bytes are cut into pieces", async () => {
    // Longer than a piece of a mebibyte, with characters of two to four bytes on its borders.
    const lines = Array.from({ length: 120_000 }, (_, i) => `${i},"ü€😀${i}"`);
    const { columns, places } = await written("pieces.csv", `x,t\n${lines.join("\n")}\n`);
    expect(columns["x"]?.map(Number)).toEqual(Array.from({ length: 120_000 }, (_, i) => i));
    expect(columns["t"]?.every((cell, i) => cell === `ü€😀${i}`)).toBe(true);
    expect(places.at(-1)).toBe(120_001);
  });
});

describe("a parquet file", () => {
  const path = (name: string): string => join(import.meta.dirname, "parquet", `${name}.parquet`);
  const rows = Array.from({ length: 40 }, (_, row) => row);
  const but = (missing: number, value: (row: number) => Cell): Cell[] => rows.map((row) => (row % missing === 0 ? null : value(row)));
  const start = Date.UTC(2001, 0, 1);
  const expected: Record<string, Cell[]> = {
    int64: but(7, (row) => row * 10 - 100),
    uint8: rows.map((row) => row % 3),
    double: rows.map((row) => (row === 5 ? null : row / 8)),
    half: rows.map((row) => row / 4),
    decimal: rows.map((row) => row / 100),
    boolean: but(5, (row) => String(row % 2 === 0)),
    text: but(9, (row) => `id-${row} ü`),
    dictionary: but(4, (row) => "abc"[row % 3] ?? ""),
    date: rows.map((row) => start + row * 86_400_000),
    millis: but(6, (row) => start + row * 60_000),
    micros: rows.map((row) => start + row * 60_000),
    nanos: rows.map((row) => start + row * 60_000),
  };

  test.each(["none", "snappy", "gzip", "brotli", "zstd", "lz4", "second-version"])("packed with %s has typed columns", async (name) => {
    const { columns, places, types, reader } = await read(path(name));
    expect(columns).toEqual(expected);
    expect(places).toEqual(rows.map((row) => row + 1));
    expect(reader.rows).toBe(40);
    const dates = ["date", "millis", "micros", "nanos"].map((each) => [each, "date"]);
    const texts = ["boolean", "text", "dictionary"].map((each) => [each, "text"]);
    const numbers = ["int64", "uint8", "double", "half", "decimal"].map((each) => [each, "number"]);
    expect(types).toEqual(Object.fromEntries([...numbers, ...texts, ...dates]));
  });

  test("gives columns alone and in any order", async () => {
    expect(Object.entries((await read(path("zstd"), ["text", "int64"])).columns)).toEqual([
      ["text", expected["text"]],
      ["int64", expected["int64"]],
    ]);
  });

  test("with a column of structs is read without it, and refused with it", async () => {
    const { reader } = await read(path("zstd"));
    expect(reader.columns.find(({ name }) => name === "struct")).toMatchObject({ type: "nested", typeName: "structs" });
    expect(reader.columns.find(({ name }) => name === "list")).toMatchObject({ type: "nested", typeName: "lists", lists: true });
    await expect(read(path("zstd"), ["struct"])).rejects.toMatchObject({
      code: "MTL328",
      column: "struct",
      message: containing("structs"),
    });
  });

  test("that was cut off is refused, wherever it was cut", async () => {
    const whole = readFileSync(path("zstd"));
    for (const bytes of [0, 4, 100, whole.length - 300, whole.length - 1]) {
      folder.write("cut.parquet", whole.subarray(0, bytes));
      await expect(read(join(folder.path, "cut.parquet"))).rejects.toMatchObject({ code: "MTL325", path: ["data", "file"] });
    }
  });

  test("whose pages are damaged is refused with column and rows", async () => {
    const bytes = Buffer.from(readFileSync(path("zstd")));
    bytes.fill(0xff, 4, 400);
    folder.write("damaged.parquet", bytes);
    await expect(read(join(folder.path, "damaged.parquet"))).rejects.toMatchObject({
      code: "MTL325",
      column: "int64",
      message: containing('column "int64" cannot be read in rows 1 to 16'),
    });
  });
});

describe("a table file", () => {
  test.each<[string, string, string | Uint8Array, string, string]>([
    ["an unknown ending", "a.xlsx", "x", "MTL311", ".csv, .tsv, .json, .jsonl, .ndjson, .parquet"],
    ["no content", "empty.csv", "", "MTL311", "empty"],
    ["an open quote", "quote.csv", 'x,y\n1,2\n3,"4\n5,6\n', "MTL311", 'a quote (") that is opened in line 3 is never closed'],
    ["a quote that swallows the file", "swallow.csv", `x,y\n1,2\n3,"4\n${"5,6\n".repeat(5_000_000)}`, "MTL311", "begins in line 3"],
    ["a quote in a cell", "middle.csv", 'x,y\n1,a"b\n', "MTL311", "a cell in line 2 has a quote"],
    ["text after a quote", "after.csv", 'x,y\n1,"b"c\n', "MTL311", "in line 2 something else follows"],
    ["bytes that are not UTF-8", "latin.csv", Buffer.from("x\na\nb\n\xe9\n", "latin1"), "MTL311", "line 4"],
    ["a character cut off at its end", "cut.csv", Buffer.from([0x78, 0x0a, 0xe2, 0x82]), "MTL311", "line 2"],
    ["UTF-16", "wide.csv", Buffer.from("\uFEFFx\n1\n", "utf16le"), "MTL311", "UTF-8"],
    ["broken json", "broken.json", "[{", "MTL311", "not valid JSON"],
    ["json broken late", "late.json", '[{"x": 1}, {"x": 2}, {"x" 3}]', "MTL311", "after entry 2"],
    ["a json value", "value.json", "3", "MTL311", "single value"],
    ["a json array of numbers", "numbers.json", "[1]", "MTL311", "entry 1 is not an object"],
    ["nested json", "nested.json", '[{"x": {"y": 1}}]', "MTL328", '"x" of entry 1'],
    ["json columns of different length", "ragged.json", '{"x": [1, 2], "y": [1]}', "MTL312", '"y" has 1 value'],
    ["a broken line of json", "broken.jsonl", '{"x": 1}\n{"x": \n', "MTL311", "line 2 is not valid JSON"],
    ["a line that is no object", "numbers.jsonl", '{"x": 1}\n7\n', "MTL311", "line 2 is not an object"],
    ["two columns of one name", "twice.csv", "x,x\n1,2\n", "MTL314", 'two columns named "x"'],
    ["a column without a name", "unnamed.csv", "x,\n1,2\n", "MTL314", "Column 2"],
    ["no gzip in it", "text.csv.gz", "x\n1\n", "MTL325", "the packed data is damaged"],
    ["other packed data in it", "brotli.csv.gz", brotliCompressSync("x\n1\n"), "MTL325", "the packed data is damaged"],
    ["half of its packed data", "half.csv.gz", gzipSync("x\n1\n".repeat(9)).subarray(0, -9), "MTL325", "in the middle"],
    ["no parquet in it", "text.parquet", "x\n1\n", "MTL325", "no whole parquet file"],
  ])("with %s is refused", async (_, name, content, code, part) => {
    await expect(written(name, content)).rejects.toMatchObject({
      name: "DataError",
      code,
      path: ["data", "file"],
      message: containing(part),
    });
  });

  test("that is one object of columns is read as a whole, up to a limit", async () => {
    folder.write("large.json", '{"x": [1]');
    truncateSync(join(folder.path, "large.json"), 201 * 2 ** 20);
    await expect(openTable(join(folder.path, "large.json"))).rejects.toMatchObject({ code: "MTL313", message: containing("200 MB") });
  });

  test("with a row of another length is refused with the row's line, however late", async () => {
    await expect(written("short.csv", "x,y\n1,2\n3\n")).rejects.toMatchObject({ code: "MTL312", row: 3, message: containing("Line 3") });
    const late = written("late.csv", `x,y\n${"1,2\n".repeat(700_000)}3\n`);
    await expect(late).rejects.toMatchObject({ code: "MTL312", row: 700_002, message: containing("Line 700002") });
  });

  test("that is not there, or is a folder, is refused", async () => {
    await expect(openTable(`${folder.path}/nowhere.csv`)).rejects.toMatchObject({ code: "MTL310", message: containing("no file") });
    const named = temporaryFolder();
    symlinkSync(named.path, join(folder.path, "folder.csv"));
    await expect(openTable(join(folder.path, "folder.csv"))).rejects.toMatchObject({ code: "MTL310", message: containing("a folder") });
    named.remove();
  });

  test.skipIf(process.platform === "win32")("that is a pipe or a device is refused, and nothing waits for it", async () => {
    execFileSync("mkfifo", [`${folder.path}/pipe.csv`]);
    symlinkSync("/dev/zero", `${folder.path}/endless.csv`);
    await expect(openTable(`${folder.path}/pipe.csv`)).rejects.toMatchObject({ code: "MTL320", message: containing("a pipe") });
    await expect(openTable(`${folder.path}/endless.csv`)).rejects.toMatchObject({ code: "MTL320", message: containing("a device") });
  });
});

test("a parquet column of whole numbers tells the first that no double holds", () => {
  const column: ParquetColumn = { name: "id", type: "number", factor: 1 };
  expect(convertValues(column, [1n, 2n ** 60n]).values).toEqual(Float64Array.of(1, 2 ** 60));
  expect(() => convertValues(column, [1n, 2n ** 60n + 1n])).toThrow(/1152921504606846977 cannot be held exactly/);
});

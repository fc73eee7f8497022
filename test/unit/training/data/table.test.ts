import { execFileSync } from "node:child_process";
import { symlinkSync, truncateSync } from "node:fs";

import { afterAll, describe, expect, test } from "vitest";

import { readTable } from "../../../../src/training/data/table.ts";
import { containing } from "./containing.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

async function read(name: string, content: string | Uint8Array) {
  folder.write(name, content);
  return await readTable(`${folder.path}/${name}`);
}

describe("a table file", () => {
  test("in csv may have a byte order mark, CRLF line ends, quoted cells and blank lines", async () => {
    const table = await read("a.csv", '\uFEFFname,"size, in cm"\r\n"Adelie, small",1.5\r\n\r\n"line\nbreak","2e1"\r\n');
    expect(table.columns.map(({ name, type }) => [name, type])).toEqual([
      ["name", "text"],
      ["size, in cm", "number"],
    ]);
    expect(table.columns[0]?.cells).toEqual(["Adelie, small", "line\nbreak"]);
    expect(table.columns[1]?.cells).toEqual(["1.5", "2e1"]);
  });

  test("tells the line of a row as an editor shows it", async () => {
    const table = await read("lines.csv", "x\n1\n\n2\n");
    expect([table.place(0), table.place(1)]).toEqual(["line 2", "line 4"]);
  });

  test("may be tab-separated", async () => {
    const table = await read("a.tsv", "x\ty\n1,5\t2\n");
    expect(table.columns.map(({ cells }) => cells)).toEqual([["1,5"], ["2"]]);
  });

  test("counts blank, NA, NaN and null as missing, and a column of nothing else as empty", async () => {
    const table = await read("missing.csv", "x,y,z\n1,,NA\nNA,a,\nNaN,b,null\nnull,c, \n");
    expect(table.columns.map(({ type }) => type)).toEqual(["number", "text", "empty"]);
    expect(table.columns[0]?.cells).toEqual(["1", null, null, null]);
    expect(table.columns[2]?.cells).toEqual([null, null, null, null]);
  });

  test("in json may be an array of objects, where a key left out is missing", async () => {
    const table = await read("rows.json", '[{"x": 1, "ok": true}, {"x": null, "t": "a"}]');
    expect(Object.fromEntries(table.columns.map(({ name, cells }) => [name, cells]))).toEqual({
      x: ["1", null],
      ok: ["true", null],
      t: [null, "a"],
    });
  });

  test("in json may be an object of columns", async () => {
    const table = await read("columns.json", '{"x": [1, 2.5], "t": ["a", null]}');
    expect(table.rows).toBe(2);
    expect(table.columns.map(({ cells }) => cells)).toEqual([
      ["1", "2.5"],
      ["a", null],
    ]);
  });

  test.each([
    ["an unknown ending", "a.xlsx", "x", "MTL311", "csv, .tsv or .json"],
    ["no content", "empty.csv", "", "MTL311", "empty"],
    ["no rows", "header.csv", "x,y\n", "MTL311", "no rows"],
    ["an open quote", "quote.csv", 'x,y\n1,2\n3,"4\n5,6\n', "MTL311", 'a quote (") that is opened in line 3 is never closed'],
    ["a quote in a cell", "middle.csv", 'x,y\n1,a"b\n', "MTL311", "a cell in line 2 has a quote"],
    ["text after a quote", "after.csv", 'x,y\n1,"b"c\n', "MTL311", "in line 2 something else follows"],
    ["bytes that are not UTF-8", "latin.csv", new Uint8Array([0x78, 0x0a, 0xe9, 0x0a]), "MTL311", "UTF-8"],
    ["broken json", "broken.json", "[{", "MTL311", "not valid JSON"],
    ["a json value", "value.json", "3", "MTL311", "single value"],
    ["a json array of numbers", "numbers.json", "[1]", "MTL311", "entry 1 is not an object"],
    ["nested json", "nested.json", '[{"x": [1]}]', "MTL311", '"x" of entry 1'],
    ["json columns of different length", "ragged.json", '{"x": [1, 2], "y": [1]}', "MTL312", '"y" has 1 value'],
    ["two columns of one name", "twice.csv", "x,x\n1,2\n", "MTL314", 'two columns named "x"'],
    ["a column without a name", "unnamed.csv", "x,\n1,2\n", "MTL314", "Column 2"],
  ])("with %s is refused", async (_, name, content, code, part) => {
    await expect(read(name, content)).rejects.toMatchObject({
      name: "DataError",
      code,
      path: ["data", "file"],
      message: containing(part),
    });
  });

  test("with a row of another length is refused with the row's line", async () => {
    const reading = read("short.csv", "x,y\n1,2\n3\n");
    await expect(reading).rejects.toMatchObject({ code: "MTL312", row: 3, message: containing("Line 3") });
  });

  test("that is not there, or is a folder, is refused", async () => {
    await expect(readTable(`${folder.path}/nowhere.csv`)).rejects.toMatchObject({
      code: "MTL310",
      message: containing("no file"),
    });
    const csvFolder = temporaryFolder();
    await expect(readTable(`${csvFolder.path}/.csv`)).rejects.toMatchObject({ code: "MTL311" });
    csvFolder.remove();
  });

  test.skipIf(process.platform === "win32")("that is a pipe or a device is refused, and nothing waits for it", async () => {
    execFileSync("mkfifo", [`${folder.path}/pipe.csv`]);
    symlinkSync("/dev/zero", `${folder.path}/endless.csv`);
    await expect(readTable(`${folder.path}/pipe.csv`)).rejects.toMatchObject({ code: "MTL320", message: containing("a pipe") });
    await expect(readTable(`${folder.path}/endless.csv`)).rejects.toMatchObject({ code: "MTL320", message: containing("a device") });
  });

  test("that says it is larger than what is read is refused unread", async () => {
    folder.write("large.csv", "x\n1\n");
    truncateSync(`${folder.path}/large.csv`, 300 * 2 ** 20);
    await expect(readTable(`${folder.path}/large.csv`)).rejects.toMatchObject({ code: "MTL313", message: containing("300 MB") });
  });

  test("of more cells than memory has room for is refused", async () => {
    const line = `${"1,".repeat(9_999)}1\n`;
    await expect(read("cells.csv", line.repeat(1_002))).rejects.toMatchObject({ code: "MTL313", message: containing("10,000,000 cells") });
  });
});

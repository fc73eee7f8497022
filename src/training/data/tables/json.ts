import { basename } from "node:path";

import { DataError } from "../data-error.ts";
import { cellText, headOf, listsAmong, notATable } from "./json-cells.ts";
import { openJsonArray } from "./json-entries.ts";
import { withoutNaN } from "./json-nan.ts";
import { readFileBytes } from "./file-bytes.ts";
import type { TableReader } from "./table-reader.ts";
import { checkedUtf8 } from "./utf8.ts";

/** Largest object of columns: its rows are complete only at the end, so it is read as a whole. */
const largest = { bytes: 200 * 2 ** 20, text: "200 MB" } as const;

/** Rows of a chunk. */
const chunkRows = 2 ** 14;

/**
 * A json table: an array of objects, one a row, which is read piece by piece; or one object with an array for each column, which
 * can only be read as a whole.
 * Throws `DataError` MTL311 (not a table), MTL312 (columns of different length), MTL313 (too large to be read as a whole).
 */
export async function openJson(path: string, bytes: number): Promise<TableReader> {
  const file = basename(path);
  switch (await firstCharacter(path, file)) {
    case "[":
      return await openJsonArray(path, file, bytes);
    case "{":
      return readColumns(path, file, bytes);
    case "":
      throw notATable(file, "it is empty.");
    default:
      throw notATable(file, "it holds a single value, or is not valid JSON.");
  }
}

async function firstCharacter(path: string, file: string): Promise<string> {
  for await (const piece of checkedUtf8(readFileBytes(path), file)) {
    const [first] = piece
      .toString()
      .replace(/^\uFEFF/, "")
      .trimStart();
    if (first !== undefined) return first;
  }
  return "";
}

async function readColumns(path: string, file: string, bytes: number): Promise<TableReader> {
  const columns = columnsOf(parse(await readWhole(path, file), file), file);
  const rows = [...columns.values()][0]?.length ?? 0;
  const heads = [...columns].map(([name, values]) => headOf(name, values));
  const lists = listsAmong(heads);
  return {
    file,
    bytes,
    rowWord: "entry",
    columns: heads,
    allColumnsKnown: true,
    rows,
    async *chunks(names) {
      for (let start = 0; start < rows; start += chunkRows) {
        const count = Math.min(chunkRows, rows - start);
        const values = (name: string): (string | null)[] =>
          Array.from({ length: count }, (_, i) => {
            const row = start + i + 1;
            return cellText(columns.get(name)?.[row - 1], { name, place: `entry ${row}`, file, row, lists: lists.has(name) });
          });
        yield {
          rows: count,
          places: Uint32Array.from({ length: count }, (_, i) => start + i + 1),
          columns: names.map((name) => ({ type: lists.has(name) ? "lists" : "cells", values: values(name) })),
        };
      }
    },
  };
}

async function readWhole(path: string, file: string): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of withoutNaN(checkedUtf8(readFileBytes(path), file))) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > largest.bytes) {
      throw new DataError({
        code: "MTL313",
        path: ["data", "file"],
        message:
          `"${file}" is one object with an array for each column, and is larger than ${largest.text}: such a file can only be read as a whole. ` +
          `Write an array of objects, one a row, or another format.`,
      });
    }
  }
  return Buffer.concat(pieces)
    .toString()
    .replace(/^\uFEFF/, "");
}

function parse(text: string, file: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch (error) {
    throw notATable(file, `it is not valid JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  throw notATable(file, "it holds a single value.");
}

function columnsOf(value: object, file: string): Map<string, readonly unknown[]> {
  const columns = new Map<string, readonly unknown[]>();
  let length: number | undefined;
  for (const [name, cells] of Object.entries<unknown>({ ...value })) {
    if (!Array.isArray(cells)) throw notATable(file, `"${name}" is not an array.`);
    length ??= cells.length;
    if (cells.length !== length) {
      throw new DataError({
        code: "MTL312",
        path: ["data", "file"],
        column: name,
        message: `Column "${name}" has ${cells.length === 1 ? "1 value" : `${cells.length} values`}, the columns before it have ${length}. Give all columns the same length.`,
      });
    }
    columns.set(name, cells);
  }
  return columns;
}

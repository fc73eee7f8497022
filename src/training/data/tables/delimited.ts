import { basename } from "node:path";

import { CsvError, parse, type Parser } from "csv-parse";

import { DataError } from "../data-error.ts";
import { presentText } from "../cells.ts";
import { readFileBytes } from "./file-bytes.ts";
import type { TableChunk, TableReader } from "./table-reader.ts";
import { checkedUtf8 } from "./utf8.ts";

const at = ["data", "file"] as const;

/** Longest row, in characters. Without a limit a quote that is never closed would gather the rest of the file in memory. */
const longestRow = 2 ** 24;

/**
 * A text table whose first line names the columns. A row is called by the line that an editor shows, which is the last one of a
 * row of several lines.
 * Throws `DataError` MTL311 (not a table), MTL312 (ragged row), MTL314 (header).
 */
export async function openDelimited(path: string, bytes: number, delimiter: "," | "\t"): Promise<TableReader> {
  const file = basename(path);
  const names = await headerOf(path, delimiter, file);
  const positions = new Map(names.map((name, position) => [name, position]));
  return {
    file,
    bytes,
    rowWord: "line",
    columns: names.map((name) => ({ name, type: "cells" })),
    allColumnsKnown: true,
    rows: undefined,
    async *chunks(columns) {
      const wanted = columns.map((name) => positions.get(name) ?? -1);
      let isHeader = true;
      for await (const { records, lines } of recordsOf(path, delimiter, file)) {
        if (isHeader) {
          records.shift();
          lines.shift();
          isHeader = false;
        }
        requireLength(records, lines, names, file);
        if (records.length > 0) yield chunkOf(records, lines, wanted);
      }
    },
  };
}

interface Records {
  readonly records: string[][];
  /** The line on which each record ends. */
  readonly lines: number[];
}

async function headerOf(path: string, delimiter: string, file: string): Promise<readonly string[]> {
  for await (const { records } of recordsOf(path, delimiter, file)) {
    const [header] = records;
    if (header === undefined) continue;
    const names = header.map((name) => name.trim());
    requireNames(names, file);
    return names;
  }
  throw new DataError({ code: "MTL311", path: at, message: `"${file}" is empty. Its first line must name the columns.` });
}

async function* recordsOf(path: string, delimiter: string, file: string): AsyncGenerator<Records, void> {
  let found: Records = { records: [], lines: [] };
  let lastLine = 0;
  const parser = parse({
    bom: true,
    delimiter,
    relaxColumnCount: true, // Lengths are compared where a helpful message can be made.
    skipEmptyLines: true,
    maxRecordSize: longestRow,
    onRecord(record: string[], context) {
      found.records.push(record);
      found.lines.push(context.lines);
      lastLine = context.lines;
      return null;
    },
  });
  // Each write tells its own error; without a listener it would be thrown a second time, at nobody.
  parser.on("error", () => undefined);
  const take = (): Records => {
    const taken = found;
    found = { records: [], lines: [] };
    return taken;
  };
  try {
    for await (const piece of checkedUtf8(readFileBytes(path), file)) {
      await write(parser, piece);
      if (found.records.length > 0) yield take();
    }
    await end(parser);
    if (found.records.length > 0) yield take();
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DataError({
      code: "MTL311",
      path: at,
      row: lastLine + 1,
      message: `"${file}" cannot be read as a table: ${whatIsWrong(error, lastLine + 1)}.`,
    });
  } finally {
    parser.destroy();
  }
}

function write(parser: Parser, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

function end(parser: Parser): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.once("error", reject).once("finish", resolve).end();
  });
}

/** The parser's words name its own options; these name what is in the file. */
function whatIsWrong(error: CsvError, line: number): string {
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return `a quote (") that is opened in line ${line} is never closed. Close it, or write "" for a quote inside of a quoted cell`;
    case "INVALID_OPENING_QUOTE":
      return `a cell in line ${line} has a quote (") in its middle. Put the whole cell in quotes and write "" for the quote`;
    case "CSV_INVALID_CLOSING_QUOTE":
      return `after a closing quote (") in line ${line} something else follows than a separator. Write "" for a quote inside of a quoted cell`;
    case "CSV_MAX_RECORD_SIZE":
      return `the row that begins in line ${line} has more than ${longestRow / 2 ** 20} million characters. Most likely a quote (") there is never closed`;
    default:
      return error.message;
  }
}

function requireNames(names: readonly string[], file: string): void {
  const seen = new Set<string>();
  names.forEach((name, index) => {
    if (name === "" || seen.has(name)) {
      throw new DataError({
        code: "MTL314",
        path: at,
        message:
          name === ""
            ? `Column ${index + 1} of "${file}" has no name. Name it in the first line.`
            : `"${file}" has two columns named "${name}". Give each column its own name.`,
      });
    }
    seen.add(name);
  });
}

function requireLength(records: readonly string[][], lines: readonly number[], names: readonly string[], file: string): void {
  const expected = names.length;
  const row = records.findIndex((record) => record.length !== expected);
  if (row < 0) return;
  const length = records[row]?.length ?? 0;
  const [only = ""] = names;
  // Decimal commas: only the rows seem to have cells.
  const semicolons = expected === 1 && only.includes(";") && (records[row]?.join(",").includes(";") ?? false);
  if (semicolons) {
    throw new DataError({
      code: "MTL311",
      path: at,
      message:
        `"${file}" seems to separate its cells by ";" and to write decimals with a comma: its header is the one column "${only.slice(0, 60)}". ` +
        `Save it with commas between the cells, and points in the numbers.`,
    });
  }
  throw new DataError({
    code: "MTL312",
    path: at,
    row: lines[row] ?? 0,
    message:
      `Line ${lines[row]} of "${file}" has ${length === 1 ? "1 cell" : `${length} cells`}, but the header names ${expected}. ` +
      `Add or remove cells there, or put "quotes" around a cell that contains the separator.`,
  });
}

function chunkOf(records: readonly string[][], lines: readonly number[], wanted: readonly number[]): TableChunk {
  return {
    rows: records.length,
    places: Uint32Array.from(lines),
    columns: wanted.map((position) => ({
      type: "cells",
      values: records.map((record) => presentText(record[position] ?? null)),
    })),
  };
}

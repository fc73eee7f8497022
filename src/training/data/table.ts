import { basename, extname } from "node:path";

import { CsvError, parse } from "csv-parse/sync";

import { columnOf, type Column } from "./column.ts";
import { DataError } from "./data-error.ts";
import { readText } from "./read-text.ts";

/** A table of more cells is not read: each takes some hundred bytes of memory until the rows are encoded. */
const mostCells = 10_000_000;

/** A table in memory. */
export interface Table {
  /** The file's name without its folder, for messages. */
  readonly file: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** What a person calls a row: `line 17` of a text file, `entry 3` of a JSON array. */
  place(row: number): string;
  /** The number in that: line or entry, counted from 1. */
  number(row: number): number;
}

const at = ["data", "file"] as const;

/**
 * Reads a table: `.csv` and `.tsv` with a header line, `.json` as an array of objects or an object of columns.
 * Throws `DataError` MTL310 (no file), MTL311 (not a table), MTL312 (ragged row), MTL313 (too large), MTL314 (header),
 * MTL320 (not an ordinary file).
 */
export async function readTable(path: string): Promise<Table> {
  const file = basename(path);
  const reader = readers[extname(path).toLowerCase()];
  if (reader === undefined) {
    throw new DataError({
      code: "MTL311",
      path: at,
      message: `"${file}" does not end in .csv, .tsv or .json. Save the table in one of these formats and name that file.`,
    });
  }
  const text = await readText(path);
  const table = reader(text, file);
  requireHeader(table);
  if (table.rows === 0) {
    throw new DataError({ code: "MTL311", path: at, message: `"${file}" has no rows. Add at least ten rows below the header.` });
  }
  return table;
}

const readers: Readonly<Record<string, (text: string, file: string) => Table>> = {
  ".csv": (text, file) => readDelimited(text, file, ","),
  ".tsv": (text, file) => readDelimited(text, file, "\t"),
  ".json": readJson,
};

function readDelimited(text: string, file: string, delimiter: string): Table {
  const records: string[][] = [];
  const lines: number[] = [];
  let count = 0;
  try {
    // The decoder has removed a byte order mark. Lengths are compared below, where a helpful message can be made.
    parse(text, {
      delimiter,
      relaxColumnCount: true,
      skipEmptyLines: true,
      onRecord(record: string[], context) {
        count += record.length;
        if (count > mostCells) throw tooManyCells(file);
        records.push(record);
        lines.push(context.lines);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DataError({
      code: "MTL311",
      path: at,
      message: `"${file}" cannot be read as a table: ${whatIsWrong(error, (lines.at(-1) ?? 0) + 1)}.`,
    });
  }
  const header = records.shift();
  lines.shift();
  if (header === undefined) {
    throw new DataError({ code: "MTL311", path: at, message: `"${file}" is empty. Its first line must name the columns.` });
  }
  records.forEach((record, row) => {
    if (record.length === header.length) return;
    throw new DataError({
      code: "MTL312",
      path: at,
      row: lines[row] ?? 0,
      message:
        `Line ${lines[row]} of "${file}" has ${cells(record.length)}, but the header names ${header.length}. ` +
        `Add or remove cells there, or put "quotes" around a cell that contains the separator.`,
    });
  });
  const columns = header.map((name, index) =>
    columnOf(
      name.trim(),
      records.map((record) => record[index] ?? null),
    ),
  );
  const number = (row: number): number => lines[row] ?? 0;
  return { file, columns, rows: records.length, number, place: (row) => `line ${number(row)}` };
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
    default:
      return error.message;
  }
}

function readJson(text: string, file: string): Table {
  const refuse = (why: string, row?: number): never => {
    throw new DataError({
      code: "MTL311",
      path: at,
      ...(row === undefined ? {} : { row }),
      message: `"${file}" is not a table: ${why} Write an array of objects, one a row, or one object with an array for each column.`,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(`it is not valid JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  const raw = Array.isArray(value) ? columnsOfEntries(value, refuse) : columnsOfObject(value, refuse);
  const columns = [...raw].map(([name, cells]) => columnOf(name, cells));
  return {
    file,
    columns,
    rows: columns[0]?.cells.length ?? 0,
    number: (row) => row + 1,
    place: (row) => `entry ${row + 1}`,
  };
}

type Refuse = (why: string, row?: number) => never;

/** A key that an entry lacks is a missing value: JSON tables often leave nulls out. */
function columnsOfEntries(entries: readonly unknown[], refuse: Refuse): Map<string, (string | null)[]> {
  const columns = new Map<string, (string | null)[]>();
  entries.forEach((entry, row) => {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return refuse(`entry ${row + 1} is not an object.`, row + 1);
    for (const [name, cell] of Object.entries(entry)) {
      let column = columns.get(name);
      if (column === undefined) {
        column = new Array<string | null>(entries.length).fill(null);
        columns.set(name, column);
      }
      column[row] = cellText(cell, () => refuse(`"${name}" of entry ${row + 1} is not a single value.`, row + 1));
    }
  });
  return columns;
}

function columnsOfObject(value: unknown, refuse: Refuse): Map<string, (string | null)[]> {
  if (typeof value !== "object" || value === null) return refuse("it holds a single value.");
  const columns = new Map<string, (string | null)[]>();
  let length: number | undefined;
  for (const [name, cells] of Object.entries(value)) {
    if (!Array.isArray(cells)) return refuse(`"${name}" is not an array.`);
    length ??= cells.length;
    if (cells.length !== length) {
      throw new DataError({
        code: "MTL312",
        path: at,
        column: name,
        message: `Column "${name}" has ${cells.length} values, the columns before it have ${length}. Give all columns the same length.`,
      });
    }
    const entries: readonly unknown[] = cells;
    columns.set(
      name,
      entries.map((cell, row) => cellText(cell, () => refuse(`value ${row + 1} of "${name}" is not a single value.`, row + 1))),
    );
  }
  return columns;
}

function cellText(cell: unknown, refuse: () => never): string | null {
  if (cell === null) return null;
  if (typeof cell === "string") return cell;
  if (typeof cell === "number" || typeof cell === "boolean") return String(cell);
  return refuse();
}

function requireHeader(table: Table): void {
  const seen = new Set<string>();
  table.columns.forEach(({ name }, index) => {
    if (name === "" || seen.has(name)) {
      throw new DataError({
        code: "MTL314",
        path: at,
        message:
          name === ""
            ? `Column ${index + 1} of "${table.file}" has no name. Name it in the first line.`
            : `"${table.file}" has two columns named "${name}". Give each column its own name.`,
      });
    }
    seen.add(name);
  });
}

function tooManyCells(file: string): DataError {
  return new DataError({
    code: "MTL313",
    path: at,
    message: `"${file}" has more than ${mostCells.toLocaleString("en")} cells, which is as many as are read. Keep only the columns and rows that are needed.`,
  });
}

function cells(count: number): string {
  return count === 1 ? "1 cell" : `${count} cells`;
}

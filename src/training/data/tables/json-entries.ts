import { JSONParser } from "@streamparser/json";

import { DataError } from "../data-error.ts";
import { cellText, headOf, listsAmong, notATable } from "./json-cells.ts";
import { withoutNaN } from "./json-nan.ts";
import { readFileBytes } from "./file-bytes.ts";
import type { ColumnHead, TableChunk, TableReader } from "./table-reader.ts";
import { checkedUtf8 } from "./utf8.ts";

/** Objects, one a row, with the line or entry number of each. */
interface EntryBatch {
  readonly entries: readonly object[];
  readonly places: readonly number[];
}

/** A json file that is an array of objects. */
export function openJsonArray(path: string, file: string, bytes: number): Promise<TableReader> {
  return openEntries({ file, bytes, rowWord: "entry" }, () => arrayEntries(path, file));
}

/** A file with a json object on every line (jsonl, ndjson). Blank lines are passed over. */
export function openJsonLines(path: string, file: string, bytes: number): Promise<TableReader> {
  return openEntries({ file, bytes, rowWord: "line" }, () => lineEntries(path, file));
}

/** An entry that lacks a key has no value there, for json tables often leave nulls out. */
async function openEntries(
  about: Pick<TableReader, "file" | "bytes" | "rowWord">,
  batches: () => AsyncIterable<EntryBatch>,
): Promise<TableReader> {
  const columns: ColumnHead[] = [];
  const known = new Set<string>();
  const meet = (entries: readonly object[]): void => {
    for (const entry of entries) {
      for (const name of Object.keys(entry)) {
        if (known.has(name)) continue;
        known.add(name);
        columns.push(headOf(name, valuesOf(entries, name)));
      }
    }
  };
  for await (const { entries } of batches()) {
    meet(entries);
    break;
  }
  return {
    ...about,
    columns,
    allColumnsKnown: false,
    rows: undefined,
    async *chunks(names) {
      for await (const batch of batches()) {
        meet(batch.entries);
        yield chunkOf(batch, names, { ...about, lists: listsAmong(columns) });
      }
    },
  };
}

function chunkOf(
  { entries, places }: EntryBatch,
  names: readonly string[],
  { file, rowWord, lists }: Pick<TableReader, "file" | "rowWord"> & { readonly lists: ReadonlySet<string> },
): TableChunk {
  const values = (name: string): (string | null)[] =>
    valuesOf(entries, name).map((value, row) =>
      cellText(value, { name, place: `${rowWord} ${places[row]}`, file, row: places[row] ?? 0, lists: lists.has(name) }),
    );
  return {
    rows: entries.length,
    places: Uint32Array.from(places),
    columns: names.map((name) => ({ type: lists.has(name) ? "lists" : "cells", values: values(name) })),
  };
}

/** Own ones alone: a column may be called `constructor`. */
function valuesOf(entries: readonly object[], name: string): readonly unknown[] {
  return entries.map((entry): unknown => Object.getOwnPropertyDescriptor(entry, name)?.value);
}

async function* arrayEntries(path: string, file: string): AsyncGenerator<EntryBatch, void> {
  let entries: object[] = [];
  let count = 0;
  const parser = new JSONParser({ paths: ["$.*"], keepStack: false });
  parser.onValue = ({ value }) => {
    count += 1;
    if (!isObject(value)) throw notATable(file, `entry ${count} is not an object.`, count);
    entries.push(value);
  };
  const take = (): EntryBatch => {
    const taken = entries;
    entries = [];
    return { entries: taken, places: taken.map((_, index) => count - taken.length + index + 1) };
  };
  try {
    for await (const piece of withoutNaN(withoutMark(checkedUtf8(readFileBytes(path), file)))) {
      parser.write(piece);
      if (entries.length > 0) yield take();
    }
    if (!parser.isEnded) parser.end();
    if (entries.length > 0) yield take();
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw notATable(file, `it is not valid JSON after entry ${count} (${reasonOf(error)}).`, count + 1);
  }
}

/** Longest line, in bytes: what is longer is no row of a table. */
const longestLine = 2 ** 24;

async function* lineEntries(path: string, file: string): AsyncGenerator<EntryBatch, void> {
  let line = 0;
  let rest: Buffer = Buffer.alloc(0);
  const batchOf = (lines: readonly Buffer[]): EntryBatch => {
    const [entries, places]: [object[], number[]] = [[], []];
    for (const each of lines) {
      line += 1;
      const text = each.toString().trim();
      if (text === "") continue;
      entries.push(parseLine(text, line, file));
      places.push(line);
    }
    return { entries, places };
  };
  for await (const piece of withoutNaN(withoutMark(checkedUtf8(readFileBytes(path), file)))) {
    const lines = splitLines(rest.length === 0 ? piece : Buffer.concat([rest, piece]));
    rest = lines.pop() ?? Buffer.alloc(0);
    if (rest.length > longestLine)
      throw notATable(file, `line ${line + lines.length + 1} has more than ${longestLine / 2 ** 20} MB.`, line + lines.length + 1);
    const batch = batchOf(lines);
    if (batch.entries.length > 0) yield batch;
  }
  const last = batchOf([rest]);
  if (last.entries.length > 0) yield last;
}

function parseLine(text: string, line: number, file: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notATable(file, `line ${line} is not valid JSON (${reasonOf(error)}).`, line);
  }
  if (!isObject(value)) throw notATable(file, `line ${line} is not an object.`, line);
  return value;
}

/** The lines without their ends; the last is what follows the last line feed. */
function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}

async function* withoutMark(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let isFirst = true;
  for await (const piece of pieces) {
    const marked = isFirst && piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf;
    isFirst = false;
    yield marked ? piece.subarray(3) : piece;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

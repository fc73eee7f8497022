import { stat } from "node:fs/promises";

import type { ColumnFacts } from "../../../experiment/facts.ts";
import { numberOf } from "../cells.ts";
import { DataError } from "../data-error.ts";
import { openTable } from "./open-table.ts";
import { isReadable, type ChunkColumn, type ColumnHead, type TableChunk, type TableReader } from "./table-reader.ts";

/** Cells of a table that a check looks at. */
const mostCells = 2 ** 20;
/** Cells of all tables that are kept: of a few long ones, or of as many small ones as an experiment may have for its sources. */
const mostKept = 4 * mostCells;

/** The beginning of a table, in memory: all of it where it is short. */
export interface TablePrefix extends TableReader {
  /** False where the table goes on. */
  readonly isWhole: boolean;
  /** Rows that are here. */
  readonly kept: number;
  /** What can be told of each column by these rows. */
  readonly facts: readonly ColumnFacts[];
}

/** Keeps the beginnings of a few tables for as long as their files stay the same. Made for one process that looks at the same files again and again. */
export class PrefixCache {
  readonly #prefixes = new Map<string, { readonly version: string; readonly prefix: TablePrefix }>();

  async read(path: string): Promise<TablePrefix> {
    const version = await fileVersion(path);
    const known = this.#prefixes.get(path);
    if (known !== undefined && version !== "" && known.version === version) return known.prefix;
    const prefix = await readPrefix(await openTable(path));
    this.#prefixes.delete(path);
    this.#prefixes.set(path, { version, prefix });
    this.#forgetOldest();
    return prefix;
  }

  #forgetOldest(): void {
    let kept = 0;
    for (const { prefix } of this.#prefixes.values()) kept += cellsOf(prefix);
    for (const [path, { prefix }] of this.#prefixes) {
      if (kept <= mostKept) return;
      this.#prefixes.delete(path);
      kept -= cellsOf(prefix);
    }
  }
}

function cellsOf({ kept, columns }: TablePrefix): number {
  return kept * columns.length;
}

async function readPrefix(reader: TableReader): Promise<TablePrefix> {
  const nested = new Map<string, string>();
  for (;;) {
    const wanted = reader.columns.filter((head) => isReadable(head) && !nested.has(head.name)).map(({ name }) => name);
    const read = await readChunks(reader, wanted).catch((error: unknown) => {
      // In json it shows only on the way that a column has lists; it is no hindrance before it is asked for.
      if (!(error instanceof DataError) || error.code !== "MTL328" || error.column === undefined) throw error;
      nested.set(error.column, `lists or objects, the first in ${reader.rowWord} ${error.row ?? 0}`);
      return undefined;
    });
    const met = reader.columns.filter((head) => isReadable(head) && !nested.has(head.name)).length;
    if (read === undefined || met > wanted.length) continue;
    const columns = reader.columns.map((column): ColumnHead => {
      const typeName = nested.get(column.name);
      return typeName === undefined ? column : { name: column.name, type: "nested", typeName };
    });
    return prefixOf(reader, columns, wanted, read);
  }
}

interface Read {
  readonly chunks: readonly TableChunk[];
  readonly kept: number;
  readonly isWhole: boolean;
}

async function readChunks(reader: TableReader, wanted: readonly string[]): Promise<Read> {
  const mostRows = Math.max(1000, Math.floor(mostCells / Math.max(1, wanted.length)));
  const chunks: TableChunk[] = [];
  let kept = 0;
  for await (const chunk of reader.chunks(wanted)) {
    if (kept + chunk.rows > mostRows) {
      chunks.push(firstRows(chunk, mostRows - kept));
      return { chunks, kept: mostRows, isWhole: false };
    }
    chunks.push(chunk);
    kept += chunk.rows;
  }
  return { chunks, kept, isWhole: true };
}

function prefixOf(
  reader: TableReader,
  columns: readonly ColumnHead[],
  wanted: readonly string[],
  { chunks, kept, isWhole }: Read,
): TablePrefix {
  const known = new Map(wanted.map((name, index) => [name, index]));
  return {
    file: reader.file,
    bytes: reader.bytes,
    rowWord: reader.rowWord,
    rows: reader.rows,
    columns,
    allColumnsKnown: reader.allColumnsKnown || isWhole,
    isWhole,
    kept,
    facts: columns.map((column) => columnFacts(column, chunks, known.get(column.name) ?? -1)),
    async *chunks(names) {
      for (const chunk of chunks) {
        const own = names.map((name) => chunk.columns[known.get(name) ?? -1] ?? empty(chunk.rows));
        yield { rows: chunk.rows, places: chunk.places, columns: own };
      }
    },
  };
}

function columnFacts({ name, type }: ColumnHead, chunks: readonly TableChunk[], index: number): ColumnFacts {
  const distinct = new Set<string | number>();
  let missing = 0;
  for (const { columns } of chunks) {
    for (const value of columns[index]?.values ?? []) {
      if (value === null || Number.isNaN(value)) missing += 1;
      else distinct.add(value);
    }
  }
  if (type === "nested") return { name, type, missing: 0, distinct: 0 };
  if (distinct.size === 0) return { name, type: "empty", missing, distinct: 0 };
  if (type === "number" || type === "date") return { name, type, missing, distinct: distinct.size };
  const isNumber = [...distinct].every((value) => typeof value === "number" || numberOf(value) !== undefined);
  return { name, type: isNumber ? "number" : "text", missing, distinct: distinct.size };
}

function firstRows(chunk: TableChunk, most: number): TableChunk {
  if (chunk.rows <= most) return chunk;
  return {
    rows: most,
    places: chunk.places.slice(0, most),
    columns: chunk.columns.map((column): ChunkColumn => {
      if (column.type === "number" || column.type === "date") return { ...column, values: column.values.slice(0, most) };
      return { ...column, values: column.values.slice(0, most) };
    }),
  };
}

function empty(rows: number): ChunkColumn {
  return { type: "cells", values: new Array<null>(rows).fill(null) };
}

/** Empty for a file that is not there: reading it tells what is wrong. */
async function fileVersion(path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs} ${size}`;
  } catch {
    return "";
  }
}

import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";

import { parquetMetadataAsync, parquetRead, parquetSchema, type AsyncBuffer, type FileMetaData } from "hyparquet";
import { compressors } from "hyparquet-compressors";

import { DataError } from "../data-error.ts";
import { openDataFile } from "./file-bytes.ts";
import { columnKind, convertValues, parsers, RoundedNumber, type ParquetColumn } from "./parquet-types.ts";
import { isReadable, type ChunkColumn, type TableChunk, type TableReader } from "./table-reader.ts";

/** Values that a chunk holds at most, over all its columns, and rows at least. */
const chunkValues = 2 ** 21;
const fewestRows = 2 ** 10;

/**
 * A parquet file, in any of the format's compressions. Only the pages that a chunk's rows and columns lie in are unpacked, but the
 * packed column of a row group is read whole where the file has no index of its pages.
 * Throws `DataError` MTL325 where the file is damaged, MTL328 where a column that is asked for has no single values,
 * MTL347 where a whole number cannot be held.
 */
export async function openParquet(path: string): Promise<TableReader> {
  const file = basename(path);
  const { handle, bytes } = await openDataFile(path);
  const metadata = await readFooter(handle, bytes, file).finally(() => handle.close());
  const columns = parquetSchema(metadata).children.map(columnKind);
  const byName = new Map(columns.map((column) => [column.name, column]));
  return {
    file,
    bytes,
    rowWord: "row",
    columns,
    allColumnsKnown: true,
    rows: Number(metadata.num_rows),
    async *chunks(names) {
      const wanted = names.map((name) => byName.get(name));
      wanted.forEach((column) => requireSingle(column, file));
      const opened = await openDataFile(path);
      try {
        const source = { buffer: bufferOf(opened.handle, opened.bytes), metadata, file };
        for (const [start, end] of slices(metadata, names.length)) yield await readChunk(source, wanted, start, end);
      } finally {
        await opened.handle.close();
      }
    },
  };
}

interface Source {
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly file: string;
}

async function readFooter(handle: FileHandle, bytes: number, file: string): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(bufferOf(handle, bytes));
  } catch (error) {
    throw damaged(file, "its end, which tells what is in it, cannot be read", error);
  }
}

function bufferOf(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) throw new RangeError(`it ends at byte ${start + done}, before what its footer tells of`);
        done += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

/** Row groups one after the other, large ones in equal parts. */
function* slices({ row_groups: groups }: FileMetaData, columns: number): Generator<readonly [start: number, end: number]> {
  const most = Math.max(fewestRows, Math.floor(chunkValues / Math.max(1, columns)));
  let start = 0;
  for (const group of groups) {
    const end = start + Number(group.num_rows);
    const part = Math.ceil((end - start) / Math.max(1, Math.ceil((end - start) / most)));
    for (; start < end; start += part) yield [start, Math.min(end, start + part)];
    start = end;
  }
}

async function readChunk(source: Source, wanted: readonly (ParquetColumn | undefined)[], start: number, end: number): Promise<TableChunk> {
  const rows = end - start;
  const columns: ChunkColumn[] = [];
  // One column after the other, so that only one is in memory as single values.
  for (const column of wanted) {
    columns.push(
      column === undefined ? { type: "text", values: new Array<null>(rows).fill(null) } : await readColumn(source, column, start, end),
    );
  }
  return { rows, places: Uint32Array.from({ length: rows }, (_, row) => start + row + 1), columns };
}

async function readColumn({ buffer, metadata, file }: Source, column: ParquetColumn, start: number, end: number): Promise<ChunkColumn> {
  const values: unknown[] = new Array<unknown>(end - start).fill(undefined);
  let filled = 0;
  try {
    await parquetRead({
      file: buffer,
      metadata,
      compressors,
      parsers,
      columns: [column.name],
      rowStart: start,
      rowEnd: end,
      useOffsetIndex: true,
      // Pages begin before the rows that are asked for, and end after them.
      onChunk({ columnData, rowStart }) {
        for (let i = Math.max(0, start - rowStart); i < columnData.length && rowStart + i < end; i++) {
          values[rowStart + i - start] = columnData[i];
          filled += 1;
        }
      },
    });
    if (filled !== values.length) throw new RangeError(`it has ${filled} values where its footer tells of ${values.length}`);
    return convertValues(column, values);
  } catch (error) {
    if (error instanceof RoundedNumber) throw rounded(file, column.name, start + error.index + 1, error);
    throw damaged(file, `column "${column.name}" cannot be read in rows ${placeText(start + 1)} to ${placeText(end)}`, error, column.name);
  }
}

function requireSingle(column: ParquetColumn | undefined, file: string): void {
  if (column === undefined || isReadable(column)) return;
  throw new DataError({
    code: "MTL328",
    path: ["data", "file"],
    column: column.name,
    message: `Column "${column.name}" of "${file}" holds ${column.typeName ?? "no single values"}, which cannot be used. Leave it out, or write its parts as columns of their own.`,
  });
}

function rounded(file: string, column: string, row: number, { value }: RoundedNumber): DataError {
  return new DataError({
    code: "MTL347",
    path: ["data", "file"],
    column,
    row,
    message: `Column "${column}" has ${value} in row ${placeText(row)} of "${file}", and whole numbers beyond ±2⁵³ cannot be held exactly. Write the column as text if it tells classes, or as float64.`,
  });
}

function damaged(file: string, what: string, error: unknown, column?: string): DataError {
  const reason = error instanceof Error ? error.message : String(error);
  return new DataError({
    code: "MTL325",
    path: ["data", "file"],
    ...(column === undefined ? {} : { column }),
    message: `"${file}" is no whole parquet file: ${what} (${reason}). Copy or download the file again.`,
  });
}

function placeText(row: number): string {
  return row.toLocaleString("en");
}

import { basename } from "node:path";

import { DataError } from "../data-error.ts";
import { openDelimited } from "./delimited.ts";
import { openDataFile } from "./file-bytes.ts";
import { openJson } from "./json.ts";
import { openJsonLines } from "./json-entries.ts";
import { openParquet } from "./parquet.ts";
import type { TableReader } from "./table-reader.ts";

/**
 * Opens a table by the ending of its name: `.csv` and `.tsv` with a header line, `.json`, `.jsonl` or `.ndjson`, each also packed
 * as `.gz`; `.parquet`. Reads no more than tells what columns there are.
 * Throws `DataError` MTL310 (no file), MTL311 (not a table), MTL312 (ragged row), MTL313 (too large), MTL314 (header),
 * MTL320 (not an ordinary file), MTL325 (damaged).
 */
export async function openTable(path: string): Promise<TableReader> {
  const file = basename(path);
  const ending = /\.[^.]*?(\.gz)?$/.exec(file.toLowerCase())?.[0] ?? "";
  const open = openers[ending];
  if (open === undefined) {
    throw new DataError({
      code: "MTL311",
      path: ["data", "file"],
      message: `"${file}" does not end in ${Object.keys(openers)
        .filter((each) => !each.endsWith(".gz"))
        .join(", ")}, or one of the texts packed as .gz. Save the table in one of these formats and name that file.`,
    });
  }
  const { handle, bytes } = await openDataFile(path);
  await handle.close();
  return await open(path, bytes);
}

type Open = (path: string, bytes: number) => Promise<TableReader>;

const texts: Readonly<Record<string, Open>> = {
  ".csv": (path, bytes) => openDelimited(path, bytes, ","),
  ".tsv": (path, bytes) => openDelimited(path, bytes, "\t"),
  ".json": openJson,
  ".jsonl": (path, bytes) => openJsonLines(path, basename(path), bytes),
  ".ndjson": (path, bytes) => openJsonLines(path, basename(path), bytes),
};

const openers: Readonly<Record<string, Open>> = {
  ...texts,
  ...Object.fromEntries(Object.entries(texts).map(([ending, open]) => [`${ending}.gz`, open])),
  ".parquet": (path) => openParquet(path),
};

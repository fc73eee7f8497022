import { DataError } from "../data-error.ts";
import { presentText } from "../cells.ts";
import { listText, singles } from "./list-cells.ts";
import type { ColumnHead } from "./table-reader.ts";

/** Where a cell stands. `lists`: its column is one of lists. */
export interface CellPlace {
  readonly name: string;
  readonly place: string;
  readonly file: string;
  readonly row: number;
  readonly lists: boolean;
}

/** The text of a json value, `null` where it is missing. Throws `DataError` MTL328 for an object, and for a list that is not expected. */
export function cellText(value: unknown, { name, place, file, row, lists }: CellPlace): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return presentText(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const list = lists && Array.isArray(value) ? singles(value) : undefined;
  if (list !== undefined) return listText(list);
  throw new DataError({
    code: "MTL328",
    path: ["data", "file"],
    row,
    column: name,
    message: `"${name}" of ${place} in "${file}" is ${!Array.isArray(value) ? "an object" : lists ? "a list of lists or objects" : "a list"}, not ${lists ? "a list of" : "a"} single value${lists ? "s" : ""}. Leave the column out, or write its parts as columns of their own.`,
  });
}

export function notATable(file: string, why: string, row?: number): DataError {
  return new DataError({
    code: "MTL311",
    path: ["data", "file"],
    ...(row === undefined ? {} : { row }),
    message: `"${file}" is not a table: ${why} Write an array of objects, one a row, or one object with an array for each column.`,
  });
}

/** What a column of json is: one of lists where its first value is one. */
export function headOf(name: string, values: Iterable<unknown>): ColumnHead {
  for (const value of values) {
    if (value === null || value === undefined) continue;
    return Array.isArray(value) && singles(value) !== undefined
      ? { name, type: "nested", typeName: "lists", lists: true }
      : { name, type: "cells" };
  }
  return { name, type: "cells" };
}

export function listsAmong(heads: readonly ColumnHead[]): ReadonlySet<string> {
  return new Set(heads.flatMap(({ name, lists }) => (lists === true ? [name] : [])));
}

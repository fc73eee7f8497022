import { DataError } from "../data-error.ts";
import { presentText } from "../cells.ts";

/** The text of a json value, `null` where it is missing. Throws `DataError` MTL328 for a list or an object. */
export function cellText(value: unknown, name: string, place: string, file: string, row: number): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return presentText(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new DataError({
    code: "MTL328",
    path: ["data", "file"],
    row,
    column: name,
    message: `"${name}" of ${place} in "${file}" is ${Array.isArray(value) ? "a list" : "an object"}, not a single value. Leave the column out, or write its parts as columns of their own.`,
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

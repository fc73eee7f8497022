import type { LabelCell } from "../labels/label.ts";

/** A list as a text of its own, so that the columns of a table that hold lists are packed like those that hold texts. */
export function listText(cells: readonly (string | number | null)[]): string {
  return mark + JSON.stringify(cells);
}

/** The list that a cell of such a column stands for; anything else as it is. */
export function listIn(cell: LabelCell): LabelCell {
  if (typeof cell !== "string" || !cell.startsWith(mark)) return cell;
  const cells: unknown = JSON.parse(cell.slice(mark.length));
  if (!Array.isArray(cells)) throw new TypeError("A list is kept as something else.");
  return cells.map(single);
}

/** A list of single values, or undefined where other lists or objects are in it. */
export function singles(values: readonly unknown[]): readonly (string | number | null)[] | undefined {
  const isSingle = values.every(
    (value) => value === null || value === undefined || ["string", "number", "bigint", "boolean"].includes(typeof value),
  );
  return isSingle ? values.map(single) : undefined;
}

/** No table has it: it is neither typed nor seen. */
const mark = "\u0001list";

function single(value: unknown): string | number | null {
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return String(value);
  return typeof value === "string" ? value : null;
}

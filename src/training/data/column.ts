/** What counts as "no value" in any table, after trimming. */
const missingMarks: ReadonlySet<string> = new Set(["", "NA", "NaN", "null"]);

const decimalNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** One column of a table. A column is of type `number` when each of its values is one, and `empty` when it has none. */
export interface Column {
  readonly name: string;
  readonly type: "number" | "text" | "empty";
  /** The trimmed text of each row's cell, `null` where it is missing. */
  readonly cells: readonly (string | null)[];
}

/** Makes a typed column of raw cells. Missing are `null`, blank, `NA`, `NaN` and `null`. */
export function columnOf(name: string, raw: readonly (string | null)[]): Column {
  const cells = raw.map(presentText);
  const present = cells.filter((cell) => cell !== null);
  if (present.length === 0) return { name, type: "empty", cells };
  return { name, type: present.every((cell) => numberOf(cell) !== undefined) ? "number" : "text", cells };
}

/** The number that a cell holds: a finite decimal number, with or without an exponent; otherwise `undefined`. */
export function numberOf(cell: string): number | undefined {
  if (!decimalNumber.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * What a cell stands for as a class or category. Equal numbers are one class however they are written (`1`, `1.0`).
 */
export function categoryOf(cell: string, type: Column["type"]): string {
  return type === "number" ? String(Number(cell)) : cell;
}

/** The distinct categories of some rows, numbers by size and text by code point, so that the order never depends on the rows' order. */
export function categoriesOf(column: Column, rows: Iterable<number>): string[] {
  const found = new Set<string>();
  for (const row of rows) {
    const cell = column.cells[row] ?? null;
    if (cell !== null) found.add(categoryOf(cell, column.type));
  }
  const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const bySize = (a: string, b: string): number => Number(a) - Number(b);
  return [...found].sort(column.type === "number" ? bySize : byCodePoint);
}

function presentText(raw: string | null): string | null {
  const text = raw?.trim() ?? "";
  return missingMarks.has(text) ? null : text;
}

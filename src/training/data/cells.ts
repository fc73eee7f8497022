/** What counts as "no value" in any table, after trimming. */
const missingMarks: ReadonlySet<string> = new Set(["", "NA", "NaN", "null"]);

const decimalNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The trimmed text of a cell, or `null` where it is missing: blank, `NA`, `NaN` and `null`. */
export function presentText(raw: string | null): string | null {
  const text = raw?.trim() ?? "";
  return missingMarks.has(text) ? null : text;
}

/** The number that a cell holds: a finite decimal number, with or without an exponent; otherwise `undefined`. */
export function numberOf(cell: string): number | undefined {
  if (!decimalNumber.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/** Numbers by size and text by code point, so that the order of categories never depends on the rows' order. */
export function inCategoryOrder(categories: Iterable<string>, type: "number" | "text"): string[] {
  const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const bySize = (a: string, b: string): number => Number(a) - Number(b) || byCodePoint(a, b);
  return [...categories].sort(type === "number" ? bySize : byCodePoint);
}

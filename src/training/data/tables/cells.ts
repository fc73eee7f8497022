/** What counts as "no value" in any table, after trimming. */
const missingMarks: ReadonlySet<string> = new Set(["", "NA", "NaN", "null"]);

/** The trimmed text of a cell, or `null` where it is missing: blank, `NA`, `NaN` and `null`. */
export function presentText(raw: string | null): string | null {
  const text = raw?.trim() ?? "";
  return missingMarks.has(text) ? null : text;
}

import type { Fix, TextPosition } from "../experiment/diagnostic.ts";

/** The fixes that can be applied together: in text order, each beginning where the one before has ended, or later. */
export function withoutOverlap(fixes: readonly Fix[]): Fix[] {
  const kept: Fix[] = [];
  for (const fix of [...fixes].sort((a, b) => compare(a.range.start, b.range.start))) {
    const last = kept.at(-1);
    if (last === undefined || compare(last.range.end, fix.range.start) <= 0) kept.push(fix);
  }
  return kept;
}

function compare(a: TextPosition, b: TextPosition): number {
  return a.line - b.line || a.column - b.column;
}

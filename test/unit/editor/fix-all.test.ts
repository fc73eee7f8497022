import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { withoutOverlap } from "../../../src/editor/fix-all.ts";
import type { Fix } from "../../../src/experiment/diagnostic.ts";

const fix = fc.tuple(fc.nat(5), fc.nat(20), fc.integer({ min: 1, max: 8 })).map(([line, column, length]): Fix => {
  return { title: "", range: { start: { line, column }, end: { line, column: column + length } }, replacement: "x", preferred: true };
});

test.prop([fc.array(fix)])("fixes applied together never touch the same text", (fixes) => {
  const kept = withoutOverlap(fixes);
  for (const [i, a] of kept.entries()) {
    for (const b of kept.slice(i + 1)) {
      const apart =
        a.range.end.line < b.range.start.line || (a.range.end.line === b.range.start.line && a.range.end.column <= b.range.start.column);
      expect(apart).toBe(true);
    }
  }
});

test.prop([fc.array(fix, { minLength: 1 })])("a fix is left out only because of another that is kept", (fixes) => {
  const kept = withoutOverlap(fixes);
  expect(kept.length).toBeGreaterThan(0);
  for (const left of fixes.filter((each) => !kept.includes(each))) {
    const clash = kept.some(
      ({ range }) =>
        range.start.line === left.range.start.line &&
        range.end.column > left.range.start.column &&
        range.start.column < left.range.end.column,
    );
    expect(clash).toBe(true);
  }
});

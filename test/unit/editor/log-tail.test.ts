import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { logTail } from "../../../src/editor/dashboard/log-tail.ts";

const folder = mkdtempSync(join(tmpdir(), "taskscope-log-"));
const file = join(folder, "trainer.log");
afterAll(() => rmSync(folder, { recursive: true }));

test("gives the last lines, without the empty one at the end", () => {
  writeFileSync(file, "one\ntwo\nthree\n");
  expect(logTail(file, 2)).toEqual(["two", "three"]);
});

test("gives whole lines of a log that is longer than what is read", () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} é`);
  writeFileSync(file, lines.join("\n"));
  const seen = logTail(file, 100_000);
  expect(seen.length).toBeGreaterThan(1000);
  expect(lines.slice(-seen.length)).toEqual(seen);
});

test("gives nothing where there is no log yet", () => {
  expect(logTail(join(folder, "nothing.log"), 5)).toEqual([]);
});

import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { completionsAt } from "../../../src/experiment/completion.ts";
import type { Diagnostic, Fix } from "../../../src/experiment/diagnostic.ts";
import { hoverAt } from "../../../src/experiment/hover.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";
import { experimentSchema } from "../../../src/experiment/schema.ts";
import { linesOf } from "../../../src/experiment/text-lines.ts";
import { experiments, spellings, spelt } from "./experiments.ts";
import { penguins } from "./penguins.ts";

/** Far above what a check takes; only a hang or a blow-up exceeds it on a busy machine. */
const patience = 5_000;

const signs = fc.constantFrom(
  "\t",
  "\n",
  "\r\n",
  " ",
  ":",
  ": ",
  "- ",
  "? ",
  "[",
  "]",
  "{",
  "}",
  ",",
  "#",
  "&a",
  "*a",
  "!t",
  "'",
  '"',
  "|",
  ">",
  "%",
  "@",
  "`",
  "---\n",
  "...",
  "<<",
  "\\",
  "~",
  "é",
  "𝛼",
  "\u0000",
  "\uFEFF",
  "\u2028",
  "__proto__",
  "constructor",
  "1e999",
  ".nan",
);
const words = fc.constantFrom(
  "name",
  "tasks",
  "model",
  "trunk",
  "heads",
  "data",
  "balancer",
  "method",
  "dense",
  "units",
  "kind",
  "regression",
  "0",
  "true",
  "null",
  "x",
);
const yamlish = fc.array(fc.oneof(signs, words, fc.string({ maxLength: 4 })), { maxLength: 60 }).map((parts) => parts.join(""));
const place = fc.nat({ max: penguins.length });
/** The penguins with a passage cut out and something else put in. */
const mutated = fc
  .tuple(place, fc.nat({ max: 30 }), yamlish)
  .map(([at, length, put]) => penguins.slice(0, at) + put.slice(0, 12) + penguins.slice(at + length));
const anyText = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), yamlish, mutated);

/** One word of the penguins with a letter lost, doubled or swapped. */
const typos = fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("lose", "double", "swap")).map(([which, where, how]) => {
  const found = [...penguins.matchAll(/[A-Za-z]{4,}/g)];
  const word = found[which % found.length];
  if (word === undefined) throw new Error("The file has no words.");
  const at = where % (word[0].length - 1);
  const letters = Array.from(word[0]);
  if (how === "lose") letters.splice(at, 1);
  else if (how === "double") letters.splice(at, 0, letters[at] ?? "");
  else letters.splice(at, 2, letters[at + 1] ?? "", letters[at] ?? "");
  return penguins.slice(0, word.index) + letters.join("") + penguins.slice(word.index + word[0].length);
});

describe("any text", () => {
  test.prop([anyText], { numRuns: 1500 })("is checked in bounded time, with every range inside it", (text) => {
    const began = performance.now();
    const { diagnostics } = parseExperiment(text);
    expect(performance.now() - began).toBeLessThan(patience);
    for (const { range, fixes } of diagnostics) for (const each of [range, ...fixes.map((fix) => fix.range)]) expectInside(text, each);
  });

  test.prop([anyText, fc.nat()], { numRuns: 700 })("can be completed and hovered anywhere", (text, where) => {
    const offset = where % (text.length + 1);
    for (const { range } of completionsAt(text, offset)) expectInside(text, range);
    const hover = hoverAt(text, offset);
    if (hover !== undefined) expectInside(text, hover.range);
  });

  test.prop([anyText], { numRuns: 500 })("is an experiment exactly when no finding is an error", (text) => {
    const { experiment, diagnostics } = parseExperiment(text);
    expect(experiment === undefined).toBe(diagnostics.some(({ severity }) => severity === "error"));
  });

  test.prop([
    fc.constantFrom(
      "[",
      "{",
      "- ",
      "? ",
      "a: {",
      ",",
      "]",
      "#\n",
      "&a ",
      "!t ",
      "- &a *a\n",
      "a\n",
      "'",
      "|\n",
      "\r\n",
      " ",
      "*a ",
      "k: *a\n",
      "%a\n",
      "- a\nb\n",
    ),
  ])("of one sign over and over does not hang", (sign) => {
    const began = performance.now();
    parseExperiment(sign.repeat(Math.floor(200_000 / sign.length)));
    expect(performance.now() - began).toBeLessThan(patience);
  });
});

describe("a valid experiment", () => {
  test.prop([experiments, spellings], { numRuns: 300 })("has no findings, however it is written", (experiment, spelling) => {
    expect(parseExperiment(spelt(experiment, spelling)).diagnostics).toEqual([]);
  });

  test.prop([experiments, spellings], { numRuns: 200 })("is read as the schema reads it", (experiment, spelling) => {
    expect(parseExperiment(spelt(experiment, spelling)).experiment).toEqual(experimentSchema.parse(experiment));
  });

  test.prop([experiments])("stays the same when its defaults are written out", (experiment) => {
    const full = experimentSchema.parse(experiment);
    expect(parseExperiment(JSON.stringify(full)).experiment).toEqual(full);
  });
});

describe("a typo", () => {
  test.prop([typos], { numRuns: 300 })("that has a preferred repair is gone after it", (text) => {
    const { diagnostics } = parseExperiment(text);
    for (const each of diagnostics) {
      const fix = each.fixes.find(({ preferred }) => preferred);
      if (fix === undefined) continue;
      const left = parseExperiment(repaired(text, fix)).diagnostics;
      expect(left.some((other) => isSame(other, each))).toBe(false);
    }
  });

  test.prop([mutated], { numRuns: 500 })("or any other change that has a preferred repair too", (text) => {
    for (const each of parseExperiment(text).diagnostics) {
      const fix = each.fixes.find(({ preferred }) => preferred);
      if (fix === undefined) continue;
      const left = parseExperiment(repaired(text, fix)).diagnostics;
      expect(left.some((other) => isSame(other, each))).toBe(false);
    }
  });
});

function expectInside(text: string, { start, end }: Diagnostic["range"]): void {
  const lines = linesOf(text);
  for (const { line, column } of [start, end]) {
    expect(line).toBeLessThan(lines.count);
    expect(column).toBeLessThanOrEqual(lines.line(line).length);
  }
  expect(lines.offset(end)).toBeGreaterThanOrEqual(lines.offset(start));
}

function repaired(text: string, { range, replacement }: Fix): string {
  const lines = linesOf(text);
  return text.slice(0, lines.offset(range.start)) + replacement + text.slice(lines.offset(range.end));
}

function isSame(a: Diagnostic, b: Diagnostic): boolean {
  return (
    a.code === b.code &&
    a.message === b.message &&
    a.range.start.line === b.range.start.line &&
    a.range.start.column === b.range.start.column
  );
}

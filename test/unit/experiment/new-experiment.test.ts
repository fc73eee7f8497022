import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import type { ColumnFacts } from "../../../src/experiment/facts.ts";
import { experimentForTable } from "../../../src/experiment/new-experiment.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";

const column = (name: string, type: ColumnFacts["type"], distinct: number, missing = 0): ColumnFacts => ({ name, type, distinct, missing });

const penguins = [
  column("Species", "text", 3),
  column("Island", "text", 3),
  column("Beak Length (mm)", "number", 164, 2),
  column("Body Mass (g)", "number", 94, 2),
  column("Tag", "text", 344),
  column("Notes", "empty", 0, 344),
];

const columns = fc
  .uniqueArray(
    fc.record({
      name: fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }).filter((name) => name.trim() !== ""),
      type: fc.constantFrom("number" as const, "text" as const),
      distinct: fc.integer({ min: 2, max: 90 }),
      missing: fc.nat({ max: 3 }),
    }),
    { minLength: 4, maxLength: 9, selector: ({ name }) => name },
  )
  .filter((all) => all.some(({ type, distinct }) => type === "number" || distinct <= 20));

describe("a first experiment for a table", () => {
  test("classifies what has few values, measures what has many, and leaves out identifiers", () => {
    const text = experimentForTable({ name: "My Pënguins", file: "penguins.csv", columns: penguins });
    const { experiment } = parseExperiment(text);
    expect(experiment?.name).toBe("my-penguins");
    expect(experiment?.tasks).toEqual({
      species: { column: "Species", kind: "classification" },
      "body-mass": { column: "Body Mass (g)", kind: "regression" },
    });
    expect(experiment?.data).toMatchObject({ file: "penguins.csv", inputs: ["Island", "Beak Length (mm)"], missing: "mean" });
  });

  test("asks yes or no of what has two values", () => {
    const facts = [column("Sex", "text", 2), column("Alive", "number", 2), column("Age", "number", 60), column("Weight", "number", 90)];
    const { experiment } = parseExperiment(experimentForTable({ name: "a", file: "a.csv", columns: facts }));
    expect(Object.values(experiment?.tasks ?? {}).map(({ kind }) => kind)).toEqual(["binary", "regression"]);
  });

  test.prop([fc.string(), columns], { numRuns: 200 })("has nothing to complain about, whatever the columns are called", (name, facts) => {
    const { experiment, diagnostics } = parseExperiment(experimentForTable({ name, file: "a b: c.csv", columns: facts }));
    expect(diagnostics.filter(({ severity }) => severity !== "information")).toEqual([]);
    expect(experiment?.data).toMatchObject({ file: "a b: c.csv" });
    const used = Object.entries(experiment?.tasks ?? {}).map(([task, { column: label = task }]) => label);
    expect(facts.map((each) => each.name)).toEqual(expect.arrayContaining(used));
  });

  test("is refused for a table with nothing to predict", () => {
    expect(() => experimentForTable({ name: "a", file: "a.csv", columns: [column("a", "number", 9)] })).toThrow(
      "a.csv has no column to predict",
    );
  });
});

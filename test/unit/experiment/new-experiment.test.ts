import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import type { ColumnFacts } from "../../../src/experiment/facts.ts";
import { experimentForTables } from "../../../src/experiment/data/new-sources.ts";
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

describe("a first experiment for several tables", () => {
  const table = (name: string, ...facts: readonly ColumnFacts[]) => ({ name, file: `${name}.csv`, columns: facts });
  const beak = column("beak", "number", 40);
  const tag = column("tag", "text", 300);

  test("takes what all have as inputs, and predicts what each has of its own", () => {
    const text = experimentForTables("Both", [
      table("birds", tag, beak, column("wing", "number", 30, 2), column("species", "text", 3)),
      table("weights", column("wing", "number", 20), beak, tag, column("Body Mass (g)", "number", 90), column("notes", "text", 300)),
    ]);
    const { experiment, diagnostics } = parseExperiment(text);
    expect(diagnostics).toEqual([]);
    expect(experiment?.data).toMatchObject({
      sources: {
        birds: { file: "birds.csv", inputs: ["beak", "wing"], missing: "mean", tasks: ["species"] },
        weights: { file: "weights.csv", inputs: ["beak", "wing"], missing: "error", tasks: ["body-mass"] },
      },
      schedule: "mixed",
    });
    expect(experiment?.tasks).toMatchObject({ species: { kind: "classification" }, "body-mass": { column: "Body Mass (g)" } });
  });

  test("asks the same of each where all their columns are the same", () => {
    const days = [column("date", "date", 90), column("wind", "number", 40), column("sky", "text", 4)];
    const { experiment, diagnostics } = parseExperiment(experimentForTables("a", [table("north", ...days), table("south", ...days)]));
    expect(diagnostics).toEqual([]);
    expect(Object.keys(experiment?.tasks ?? {})).toEqual(["north-wind", "north-sky", "south-wind", "south-sky"]);
  });

  test("is refused where nothing is in common, or a table has nothing to predict", () => {
    const other = table("b", column("wing", "number", 9), column("sex", "text", 2));
    expect(() => experimentForTables("a", [table("a", beak, column("species", "text", 3)), other])).toThrow("a.csv and b.csv have no column in common"); // prettier-ignore
    const typed = table("c", column("wing", "text", 9), column("age", "number", 9));
    expect(() => experimentForTables("a", [typed, other])).toThrow("c.csv and b.csv have no column in common");
    expect(() => experimentForTables("a", [table("d", column("wing", "number", 9)), other])).toThrow("d.csv has no column to predict");
  });

  test.prop([columns, columns], { numRuns: 200 })("has nothing to complain about, whatever the columns are called", (one, other) => {
    const shared = column("in all", "number", 50);
    const labels = [column("own 1", "text", 3), column("own 2", "text", 4)] as const;
    const text = experimentForTables("x", [
      { name: "a: b", file: "a: b.csv", columns: [shared, labels[0], ...one] },
      { name: "a: b", file: "../c.csv", columns: [...other, labels[1], shared] },
    ]);
    const { experiment, diagnostics } = parseExperiment(text);
    expect(diagnostics.filter(({ severity }) => severity !== "information")).toEqual([]);
    expect(Object.keys(experiment !== undefined && "sources" in experiment.data ? experiment.data.sources : {})).toEqual(["a-b", "a-b-2"]);
  });
});

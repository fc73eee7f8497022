import { describe, expect, test } from "vitest";
import { checkFacts } from "../../../src/experiment/check-facts.ts";
import type { Diagnostic } from "../../../src/experiment/diagnostic.ts";
import type { ExperimentFacts, FactProblem } from "../../../src/experiment/facts.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";
import { linesOf } from "../../../src/experiment/text-lines.ts";
import { checkText } from "../../../src/runs/check.ts";
import { penguins, penguinsWith } from "./penguins.ts";

const columns = ["Species", "Island", "Beak Length (mm)", "Beak Depth (mm)", "Body Mass (g)"].map((name) => ({
  name,
  type: "number" as const,
  missing: 0,
  distinct: 40,
}));

function facts(problems: readonly FactProblem[], more: Partial<ExperimentFacts["data"]> = {}): ExperimentFacts {
  return {
    data: {
      columns,
      rows: { train: 240, validation: 52, test: 52 },
      problems: problems.filter(({ path }) => path[0] !== "model"),
      ...more,
    },
    model: { layers: [], problems: problems.filter(({ path }) => path[0] === "model") },
  };
}

function shown(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ code, range }) => `${range.start.line + 1}:${range.start.column + 1} ${code}`);
}

/** The text after the first preferred repair of what the facts tell. */
function repaired(text: string, told: ExperimentFacts): string | undefined {
  const fix = checkFacts(parseExperiment(text), told).flatMap(({ fixes }) => fixes)[0];
  const lines = linesOf(text);
  return fix && text.slice(0, lines.offset(fix.range.start)) + fix.replacement + text.slice(lines.offset(fix.range.end));
}

const problem = (code: FactProblem["code"], ...path: readonly (string | number)[]): FactProblem => ({ code, path, message: "So it is." });

describe("what data and model tell", () => {
  test("is nothing for a sound experiment", () => {
    expect(checkFacts(parseExperiment(penguins), facts([]))).toEqual([]);
  });

  test.each([
    ["an input", problem("MTL301", "data", "inputs", 1), "4:30 MTL301"],
    ["a label column", problem("MTL304", "tasks", "mass", "column"), "8:18 MTL304"],
    ["a task without column", problem("MTL303", "tasks", "mass"), "8:3 MTL303"],
    ["a layer", problem("MTL401", "model", "trunk", 2), "13:7 MTL401"],
    ["a layer by its name", problem("MTL401", "model", "trunk", 1), "12:7 MTL401"],
    ["a layer of a head", problem("MTL401", "model", "heads", "mass", 0), "16:13 MTL401"],
    ["the split", problem("MTL319", "data", "split"), "5:3 MTL319"],
    ["a key that is not written", problem("MTL312", "data", "missing"), "2:1 MTL312"],
  ])("stands at %s", (_what, told, expected) => {
    expect(shown(checkFacts(parseExperiment(penguins), facts([told])))).toEqual([expected]);
  });

  test.each(["classification", "ordinal"])(
    "a measurement taken for classes is told once, as the reason of its rare classes: %s",
    (kind) => {
      const text = penguinsWith("kind: regression, metrics: [rmse, r2]", `kind: ${kind}`);
      const many = columns.map((column) => ({ ...column, distinct: 94 }));
      const rare = problem("MTL318", "tasks", "mass", "column");
      const told = checkFacts(parseExperiment(text), facts([rare], { columns: many })).filter(({ range }) => range.start.line === 7);
      expect(told.map(({ code, severity }) => [code, severity])).toEqual([["MTL305", "error"]]);
    },
  );

  test("a warning of the data is a warning", () => {
    const told = checkFacts(parseExperiment(penguins), facts([{ ...problem("MTL322", "tasks", "mass"), severity: "warning" }]));
    expect(told.map(({ code, severity }) => [code, severity])).toEqual([["MTL322", "warning"]]);
  });

  test("names the nearest column and puts it in", () => {
    const text = penguinsWith("Island]", "Iland]");
    expect(repaired(text, facts([problem("MTL301", "data", "inputs", 2)]))).toBe(penguins);
  });

  test("gives a task named almost like its column that column", () => {
    const text = penguinsWith("species: {column: Species, kind", "species: {kind");
    const told = facts([problem("MTL301", "tasks", "species")]);
    expect(repaired(text, told)).toBe(penguins);
  });

  test.each([
    ["in lines", penguins, "  missing: mean\n  inputs:"],
    [
      "in braces",
      penguinsWith(penguins.slice(penguins.indexOf("data:"), penguins.indexOf("tasks:")), "data: {file: a.csv, inputs: [Island]}\n"),
      "{file: a.csv, missing: mean, inputs:",
    ],
    ["where a policy is given", penguinsWith("  inputs", "  missing: error\n  inputs"), "  missing: mean\n  inputs"],
  ])("fills missing inputs on request, %s", (_how, text, expected) => {
    const after = repaired(text, facts([problem("MTL307", "data", "inputs", 0)]));
    expect(after).toContain(expected);
    expect(parseExperiment(after ?? "").experiment?.data).toMatchObject({ missing: "mean" });
  });

  test("says that a trunk without weights shares nothing: an error where gradients are to be combined, else a warning", () => {
    const layer = (part: string, parameters: number) => ({
      path: ["model", part, 0],
      name: part,
      outputShape: [4],
      parameters,
      weights: ["kernel"],
    });
    const unshared = { ...facts([]), model: { layers: [layer("trunk", 0), layer("heads", 50)], problems: [] } };
    expect(checkFacts(parseExperiment(penguins), unshared)).toMatchObject([{ code: "MTL406", severity: "error" }]);
    const equal = parseExperiment(penguinsWith("{method: mgda, normalize: l2}", "equal"));
    expect(checkFacts(equal, unshared)).toMatchObject([{ code: "MTL406", severity: "warning" }]);
    const shared = { ...unshared, model: { layers: [layer("trunk", 8), layer("heads", 50)], problems: [] } };
    expect(checkFacts(parseExperiment(penguins), shared)).toEqual([]);
  });

  describe("of the phases", () => {
    const layer = (name: string, weights: readonly string[]) => ({
      path: ["model", "trunk", 0],
      name,
      outputShape: [4],
      parameters: 4,
      weights,
    });
    const model = { layers: [layer("dense1", ["kernel", "bias"]), layer("flatten1", []), layer("mass.output", ["kernel"])], problems: [] };
    const of = (phases: string) => {
      const text = penguinsWith("seed: 0}", `phases: [${phases}]}`);
      return {
        text,
        told: shown(checkFacts(parseExperiment(text), { ...facts([]), model })),
        repaired: repaired(text, { ...facts([]), model }),
      };
    };

    test("says what trains nothing", () => {
      expect(of("{name: a, train: [dense1, dense1.bias, '*.kernel', mass.*, trunk, heads]}").told).toEqual([]);
      const misspelt = of("{name: a, train: [dense1, dense2]}");
      expect(misspelt.told).toEqual(["19:74 MTL410"]);
      expect(misspelt.repaired).toContain("train: [dense1, dense1]");
      expect(of("{name: a, train: [flatten1, 'conv*']}").told).toEqual(["19:66 MTL410", "19:76 MTL410"]);
    });

    test("counts their steps in epochs", () => {
      // 240 rows in batches of 32: 8 steps an epoch, 400 in all.
      expect(of("{name: a, until: {steps: 400}}").told).toEqual([]);
      expect(of("{name: a, until: {steps: 400}}, {name: b}").told).toEqual(["19:87 MTL237"]);
      expect(of("{name: a, until: {steps: 200}}, {name: b, until: {steps: 100}}").told).toEqual(["19:87 MTL237"]);
      // Of three batches a step: 3 steps an epoch, 150 in all.
      const inThrees = penguinsWith("seed: 0}", "accumulate: 3, phases: [{name: a, until: {steps: 150}}, {name: b}]}");
      expect(shown(checkFacts(parseExperiment(inThrees), { ...facts([]), model }))).toEqual(["19:102 MTL237"]);
    });
  });

  test("compares the batch with the rows that train", () => {
    const few = facts([], { rows: { train: 20, validation: 5, test: 5 } });
    expect(shown(checkFacts(parseExperiment(penguins), few))).toEqual(["19:35 MTL302"]);
    expect(repaired(penguins, few)).toBe(penguinsWith("batchSize: 32", "batchSize: 20"));
  });

  test("compares the batches of a step with those of an epoch", () => {
    // 240 rows in batches of 32.
    const of = (accumulate: number) => penguinsWith("seed: 0}", `accumulate: ${accumulate}}`);
    expect(checkFacts(parseExperiment(of(8)), facts([]))).toEqual([]);
    expect(checkFacts(parseExperiment(of(9)), facts([]))).toMatchObject([{ code: "MTL302", severity: "warning" }]);
    expect(repaired(of(9), facts([]))).toBe(of(8));
  });

  test("asks about a classification of very many numbers", () => {
    const many = facts([], { columns: columns.map((column) => ({ ...column, distinct: 94 })) });
    expect(checkFacts(parseExperiment(penguins), many)).toMatchObject([{ code: "MTL305", severity: "warning" }]);
    expect(
      checkFacts(parseExperiment(penguins), {
        ...many,
        data: { ...many.data, problems: [problem("MTL303", "tasks", "species", "column")] },
      }),
    ).toHaveLength(1);
  });
});

describe("the one check of command line and editor", () => {
  test("asks about data and model only when the file itself has no error", async () => {
    let asked = 0;
    const inspector = { inspect: async () => ((asked += 1), facts([problem("MTL401", "model", "trunk", 2)])) };
    const broken = await checkText(penguinsWith("epochs: 50", "epoch: 50"), "/", inspector);
    expect([asked, shown(broken.diagnostics)]).toEqual([0, ["19:12 MTL101"]]);
    const sound = await checkText(penguinsWith("kind: classification", "kind: classification, weight: 2"), "/", inspector);
    expect([asked, shown(sound.diagnostics)]).toEqual([1, ["7:52 MTL209", "13:7 MTL401"]]);
  });
});

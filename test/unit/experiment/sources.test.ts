import { describe, expect, test } from "vitest";
import { checkFacts } from "../../../src/experiment/check-facts.ts";
import { dataParts, sourceAt } from "../../../src/experiment/data/data-parts.ts";
import type { ColumnFacts, ExperimentFacts, FactProblem } from "../../../src/experiment/facts.ts";
import { hoverAt } from "../../../src/experiment/hover.ts";
import { twoSources as two, twoSourcesWith as with_ } from "./source-cases.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";

describe("several sources", () => {
  test("are read with all defaults", () => {
    expect(parseExperiment(with_("  schedule: mixed\n", "")).experiment?.data).toEqual({
      sources: {
        birds: {
          file: "birds.csv",
          inputs: ["beak", "wing"],
          missing: "error",
          memory: 512,
          split: { validation: 0.15, test: 0.15, seed: 0 },
          tasks: ["species", "sex"],
        },
        weights: {
          file: "weights.csv",
          inputs: ["beak", "wing"],
          missing: "error",
          memory: 512,
          split: { validation: 0.15, test: 0.15, seed: 3 },
          tasks: ["mass"],
        },
      },
      schedule: "mixed",
    });
  });

  test("tell which of them a path is about", () => {
    const { tree } = parseExperiment(two);
    if (tree === undefined) throw new Error("unreadable");
    expect(dataParts(tree).map(({ path, tasks }) => [path.join("."), ...tasks.map(({ key }) => key)])).toEqual([
      ["data.sources.birds", "species", "sex"],
      ["data.sources.weights", "mass"],
    ]);
    const about = (...path: string[]) => sourceAt(tree, path);
    expect([about("data", "sources", "birds", "file"), about("tasks", "mass", "column"), about("model"), about("data")]).toEqual([
      "birds",
      "weights",
      undefined,
      undefined,
    ]);
  });

  test("are told of while typing", () => {
    const hovered = (word: string) => hoverAt(two, two.indexOf(word) + 1)?.markdown ?? "";
    expect(hovered("schedule")).toContain("An epoch lasts until every row of every source was drawn");
    expect(hovered("sources")).toContain("Sources of rows by name");
    expect(hovered("tasks: [mass]")).toContain("Each task is learnt from one source");
    expect(hovered("split")).toContain("How rows are divided");
    const shared = with_("schedule: mixed", "schedule: {batches: alternate, shares: {birds: 3, weights: 1}}");
    const inSchedule = (word: string) => hoverAt(shared, shared.indexOf(word, shared.indexOf("schedule")) + 1)?.markdown ?? "";
    expect(inSchedule("shares")).toContain("a number for each source by name");
    expect(inSchedule("birds")).toContain("Share of this source");
    expect(inSchedule("batches")).toContain("Every batch holds rows of one source alone");
  });
});

describe("what the data say of several sources", () => {
  const column = (source: string, name: string, distinct = 3): ColumnFacts => ({ source, name, type: "number", missing: 0, distinct });
  const facts = (problems: readonly FactProblem[] = [], columns: readonly ColumnFacts[] = []): ExperimentFacts => ({
    data: { columns, rows: { train: 90, validation: 10, test: 10 }, problems },
    model: { layers: [], problems: [] },
  });
  const problem = (code: FactProblem["code"], ...path: (string | number)[]): FactProblem => ({ code, path, message: "A problem." });
  const told = (given: ExperimentFacts) => checkFacts(parseExperiment(two), given);

  test("stands at its source, and is repaired with the columns of that source", () => {
    const columns = [column("birds", "wings"), column("weights", "wingspan"), column("weights", "gram")];
    const found = told(
      facts([problem("MTL301", "data", "sources", "birds", "inputs", 1), problem("MTL301", "tasks", "mass", "column")], columns),
    );
    expect(found.map(({ range, fixes }) => [range.start.line + 1, fixes[0]?.replacement])).toEqual([
      [4, "wings"],
      [14, "gram"],
    ]);
  });

  test("has its own policy for missing inputs", () => {
    const [found] = told(facts([problem("MTL307", "data", "sources", "weights", "inputs", 0)]));
    expect(found?.fixes[0]).toMatchObject({ replacement: "missing: mean\n      ", range: { start: { line: 6, column: 6 } } });
  });

  test("takes a measurement for classes where its own source has one", () => {
    expect(told(facts([], [column("weights", "sex", 400)]))).toEqual([]);
    expect(told(facts([], [column("birds", "sex", 400)])).map(({ code }) => code)).toEqual(["MTL305"]);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { checkFacts } from "../../../../src/experiment/check-facts.ts";
import { parseExperiment } from "../../../../src/experiment/parse.ts";
import type { Experiment } from "../../../../src/experiment/schema.ts";
import { inspectData, TableCache } from "../../../../src/training/data/inspect.ts";
import { loadData } from "../../../../src/training/data/load.ts";
import { readTable } from "../../../../src/training/data/table.ts";
import { inspectModel } from "../../../../src/training/model/inspect.ts";
import { valuesOf } from "../values-of.ts";

const root = join(import.meta.dirname, "../../../..");
const examples = join(root, "examples");

function example(name: string): ReturnType<typeof parseExperiment> & { readonly experiment: Experiment } {
  const parsed = parseExperiment(readFileSync(join(examples, name), "utf8"));
  if (parsed.experiment === undefined) throw new Error(`${name} does not parse.`);
  return { ...parsed, experiment: parsed.experiment };
}

describe.each(["multi-mnist.mtl.yaml", "penguins.mtl.yaml"])("the example %s", (name) => {
  test("checks clean, with its data and its model", async () => {
    const parsed = example(name);
    expect(parsed.diagnostics).toEqual([]);
    const { facts: data, shape } = await inspectData(parsed.experiment, examples, new TableCache(), true);
    if (shape === undefined) throw new Error("The data has problems.");
    expect(checkFacts(parsed, { data, model: inspectModel(parsed.experiment, shape) })).toEqual([]);
  });
});

describe("the penguins", () => {
  test("are those of the package, with the one sex that is a dot left empty", async () => {
    const rows = JSON.parse(readFileSync(join(root, "node_modules/vega-datasets/data/penguins.json"), "utf8")) as Record<
      string,
      string | number | null
    >[];
    const { columns } = await readTable(join(examples, "penguins.csv"));
    expect(columns.map(({ name }) => name)).toEqual(Object.keys(rows[0] ?? {}));
    for (const { name, cells } of columns) {
      const expected = rows.map((row) => (row[name] === null || row[name] === "." ? null : String(row[name])));
      expect(cells).toEqual(expected);
    }
  });

  test("without measurements are left out, and those without a sex have no label for it", async () => {
    const { splits, tasks } = await loadData(example("penguins.mtl.yaml").experiment, examples);
    const parts = [splits.train, splits.validation, splits.test].map(valuesOf);
    const labelled = tasks.map((_, task) =>
      parts.reduce((sum, { present }) => sum + (present[task]?.filter((each) => each === 1).length ?? 0), 0),
    );
    expect(tasks.map(({ id }) => id)).toEqual(["species", "sex", "mass"]);
    expect(parts.reduce((sum, { rows: count }) => sum + count, 0)).toBe(342);
    expect(labelled).toEqual([342, 333, 342]);
  });
});

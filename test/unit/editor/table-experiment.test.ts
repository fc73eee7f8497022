import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tableExperiment, tablesExperiment } from "../../../src/editor/table-experiment.ts";
import { checkText } from "../../../src/runs/check.ts";
import { Inspector } from "../../../src/runs/inspector.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "taskscope-table-"));
let inspector: Inspector;

beforeAll(() => {
  inspector = new Inspector({ entry: join(root, "src/trainer/inspector.ts"), execPath: process.execPath });
});
afterAll(() => {
  inspector.dispose();
  rmSync(folder, { recursive: true });
});

test("an experiment made from the penguins has no errors", async () => {
  const text = await tableExperiment(join(root, "examples/penguins.csv"), inspector);
  const { diagnostics } = await checkText(text, join(root, "examples"), inspector);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
});

test("an experiment made from two tables in different folders has no errors", async () => {
  const lines = (name: string, header: string, line: (i: number) => readonly unknown[]): string => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, [header, ...Array.from({ length: 60 }, (_, i) => line(i).join(","))].join("\n"));
    return file;
  };
  const birds = lines("here/birds.csv", "beak,wing,species", (i) => [i, i % 9, ["gull", "tern"][i % 2]]);
  const weights = lines("there/weights.csv", "wing,grams,beak", (i) => [i % 7, 3 * i, i]);
  const text = await tablesExperiment([birds, weights], dirname(birds), inspector);
  expect(text).toContain('file: "../there/weights.csv"');
  const { diagnostics } = await checkText(text, dirname(birds), inspector);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
});

test("a table without two columns that differ is refused with the reason", async () => {
  writeFileSync(join(folder, "flat.csv"), "a,b\n1,2\n1,2\n");
  await expect(tableExperiment(join(folder, "flat.csv"), inspector)).rejects.toThrow(/flat\.csv has no column to predict/);
});

test("a table that is not there is refused by its name", async () => {
  await expect(tableExperiment(join(folder, "nowhere.csv"), inspector)).rejects.toThrow(/nowhere\.csv/);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tableExperiment } from "../../../src/editor/table-experiment.ts";
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

test("a table without two columns that differ is refused with the reason", async () => {
  writeFileSync(join(folder, "flat.csv"), "a,b\n1,2\n1,2\n");
  await expect(tableExperiment(join(folder, "flat.csv"), inspector)).rejects.toThrow(/flat\.csv has no column to predict/);
});

test("a table that is not there is refused by its name", async () => {
  await expect(tableExperiment(join(folder, "nowhere.csv"), inspector)).rejects.toThrow(/nowhere\.csv/);
});

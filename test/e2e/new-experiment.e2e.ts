import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sessionOfThisFile, type Session } from "./session.ts";

const table = join(import.meta.dirname, "../../examples/penguins.csv");
const session = sessionOfThisFile({
  async fill(folder) {
    await copyFile(table, join(folder, "birds.csv"));
    const weights = Array.from({ length: 40 }, (_, i) => `${30 + (i % 7)},${180 + i},${3 * i}`);
    await writeFile(join(folder, "weights.csv"), ["Beak Length (mm),Flipper Length (mm),Grams", ...weights].join("\n"));
  },
});

test("an empty view offers a new experiment, which an example makes with its data", { timeout: 180_000 }, async () => {
  const workbench = session();
  await workbench.page.locator(".part.activitybar").getByRole("tab", { name: "Taskscope" }).click();
  await workbench.page.locator(".part.sidebar").getByRole("button", { name: "New Experiment" }).last().click();
  await choose(workbench, "penguins");
  await opened(workbench, "penguins.mtl.yaml");
  expect(await readdir(workbench.folder)).toEqual(expect.arrayContaining(["penguins.csv", "penguins.mtl.yaml"]));
  const rows = await workbench.experiments();
  await rows.filter({ hasText: "penguins" }).first().waitFor();
});

test("a table of one's own makes an experiment without a problem", { timeout: 180_000 }, async () => {
  const workbench = session();
  await workbench.page.keyboard.press("F1");
  await workbench.page.locator(".quick-input-widget input.input").fill(">Taskscope: New Experiment");
  await choose(workbench, "Taskscope: New Experiment");
  await choose(workbench, "From a table");
  await choose(workbench, "birds.csv");
  const editor = await opened(workbench, "birds.mtl.yaml");
  await editor.getByText("▶ Run").waitFor();
  const problems = await workbench.problems();
  await workbench.page.locator(".markers-panel", { hasText: "No problems" }).waitFor();
  expect(await problems.count()).toBe(0);
});

test("several tables make one experiment, each a source of it, without a problem", { timeout: 180_000 }, async () => {
  const workbench = session();
  await workbench.page.keyboard.press("F1");
  await workbench.page.locator(".quick-input-widget input.input").fill(">Taskscope: New Experiment");
  await choose(workbench, "Taskscope: New Experiment");
  await choose(workbench, "From several tables");
  await choose(workbench, "birds.csv");
  await choose(workbench, "weights.csv");
  await workbench.page.locator(".quick-input-widget").getByRole("button", { name: "OK" }).click();
  const editor = await opened(workbench, "birds-weights.mtl.yaml");
  await editor.getByText("▶ Run").waitFor();
  const text = await readFile(join(workbench.folder, "birds-weights.mtl.yaml"), "utf8");
  expect(text).toContain("tasks: [grams]");
  const problems = await workbench.problems();
  await workbench.page.locator(".markers-panel", { hasText: "No problems" }).waitFor();
  expect(await problems.count()).toBe(0);
});

test(
  "an example with code of one's own comes with its files and the editor's types, and without a problem",
  { timeout: 180_000 },
  async () => {
    const workbench = session();
    await workbench.page.keyboard.press("F1");
    await workbench.page.locator(".quick-input-widget input.input").fill(">Taskscope: New Experiment");
    await choose(workbench, "Taskscope: New Experiment");
    await choose(workbench, "With code of your own");
    await opened(workbench, "custom.mtl.yaml");
    expect((await readdir(join(workbench.folder, "custom"))).sort()).toEqual([
      "custom.mtl.yaml",
      "data.ts",
      "model.ts",
      "taskscope.d.ts",
      "tsconfig.json",
    ]);
    const problems = await workbench.problems();
    await workbench.page.locator(".markers-panel", { hasText: "No problems" }).waitFor();
    expect(await problems.count()).toBe(0);
  },
);

async function choose({ page }: Session, label: string): Promise<void> {
  await page.locator(".quick-input-widget .monaco-list-row").filter({ hasText: label }).first().click();
}

async function opened({ page }: Session, name: string) {
  const editor = page.locator(".editor-instance", { has: page.locator(`[data-uri$="/${name}"]`) });
  await editor.locator(".view-line").first().waitFor();
  return editor;
}

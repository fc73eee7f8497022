import { expect, test } from "vitest";
import { sessionOfThisFile } from "./session.ts";

const session = sessionOfThisFile({ trust: "ask" });

test("a folder that is not trusted is checked and shown, but nothing in it is run", { timeout: 180_000 }, async () => {
  const workbench = session();
  const { page } = workbench;
  await page.locator(".part.statusbar", { hasText: "Restricted Mode" }).waitFor();
  const editor = await workbench.openFile("penguins.mtl.yaml");
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\nepochs: 3");
  const problems = await workbench.problems();
  await problems.filter({ hasText: "epochs" }).first().waitFor();
  expect(await editor.getByText("▶ Run").count()).toBe(0);

  await workbench.experiments();
  await page.locator(".part.sidebar", { hasText: "Restricted Mode" }).first().waitFor();
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input.input").fill(">Taskscope: ");
  const offered = page.locator(".quick-input-widget .monaco-list-row").filter({ hasText: "Taskscope:" });
  await offered.filter({ hasText: "Open Dashboard" }).waitFor();
  expect(await offered.filter({ hasText: "Run Experiment" }).count()).toBe(0);
});

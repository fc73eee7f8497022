import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RunRegistry } from "../../src/runs/registry.ts";
import { sessionOfThisFile } from "./session.ts";

/** The README's pictures are made anew only when asked for, so that a test run leaves the tree as it was. */
const asked = process.env["TASKSCOPE_SCREENSHOTS"] !== undefined;
const folder = join(import.meta.dirname, "../../media/screenshots");
const session = sessionOfThisFile({ viewport: { width: 1440, height: 900 } });

/** What the theme picker calls a theme, and the class that the workbench has then. */
const themes = {
  dark: { label: "Dark Modern", mark: ".vs-dark" },
  light: { label: "Light Modern", mark: ".vs" },
  "high-contrast": { label: "Dark High Contrast", mark: ".hc-black" },
} as const;

const pictures: readonly { readonly view: string; readonly theme: keyof typeof themes }[] = [
  { view: "Overview", theme: "dark" },
  { view: "Ownership", theme: "dark" },
  { view: "Ownership", theme: "high-contrast" },
  { view: "Ownership", theme: "light" },
  { view: "Curves", theme: "light" },
];

test.runIf(asked)("the README's pictures, of the digits trained to their end", { timeout: 600_000 }, async () => {
  const workbench = session();
  const { page } = workbench;
  await workbench.openFile("multi-mnist.mtl.yaml");
  await workbench.experiments();
  await workbench.command("Taskscope: Run Experiment");
  await expect.poll(status, { timeout: 500_000, interval: 500 }).toBe("completed");
  await mkdir(folder, { recursive: true });
  for (const { view, theme } of pictures) {
    await choose(theme);
    const tab = workbench.dashboard().getByRole("tab", { name: view });
    await tab.click();
    await workbench.dashboard().getByRole("tab", { name: view, selected: true }).waitFor();
    // A frame or two after the last point and the last colour.
    await page.waitForTimeout(1500);
    const name = `${view.toLowerCase()}-${theme}`;
    await copyFile(await workbench.picture(name), join(folder, `${name}.png`));
  }

  async function choose(theme: keyof typeof themes): Promise<void> {
    const { label, mark } = themes[theme];
    await page.locator(".part.statusbar").click({ position: { x: 700, y: 10 } });
    await page.keyboard.press("Control+k");
    await page.keyboard.press("Control+t");
    const input = page.locator(".quick-input-widget input.input");
    await input.waitFor();
    await input.fill(label);
    await page.locator(".quick-input-widget .monaco-list-row").filter({ hasText: label }).first().click();
    await page.locator(`.monaco-workbench${mark}`).waitFor();
    await input.waitFor({ state: "hidden" });
  }

  function status(): string {
    const [entry] = new RunRegistry().list(workbench.folder);
    return entry?.kind === "run" ? entry.summary.status : "none";
  }
});

import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { describe, expect, test } from "vitest";
import { RunRegistry } from "../../src/runs/registry.ts";
import { sessionOfThisFile } from "./session.ts";

const examples = join(import.meta.dirname, "../../examples");
const experiment = "multi-mnist.mtl.yaml";

/** The examples; the digits train for as long as the test may need them to. */
async function examplesForLong(folder: string): Promise<void> {
  await cp(examples, folder, { recursive: true, filter: (path) => !path.includes(".taskscope") });
  const file = join(folder, experiment);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(/epochs: \d+/, "epochs: 500"));
}

const session = sessionOfThisFile({ fill: examplesForLong });

/** The tests tell one story, in this order. */
describe("a newcomer", { timeout: 240_000 }, () => {
  test("opens the example, breaks it, and a quick fix repairs it", async () => {
    const { page, folder, openFile, problems, command } = session();
    const editor = await openFile(experiment);
    await expect.poll(() => editor.getByText("▶ Run").count()).toBe(1);
    const lines = (await readFile(join(folder, experiment), "utf8")).split("\n");
    const line = lines.findIndex((text) => text.startsWith("balancer:"));
    await goTo(line + 1);
    await page.keyboard.press("End");
    await page.keyboard.type("l");
    const rows = await problems();
    const problem = rows.filter({ hasText: "equall" });
    await problem.first().waitFor();

    await openFile(experiment);
    await goTo(line + 1);
    await page.keyboard.press("End");
    await page.keyboard.press("Control+.");
    await page.locator(".action-widget .monaco-list-row").filter({ hasText: "Change to equal" }).first().click();
    await problem.first().waitFor({ state: "detached" });
    await expect.poll(() => editor.getByText("equall").count()).toBe(0);
    await command("View: Close Panel");

    async function goTo(number: number): Promise<void> {
      await page.keyboard.press("Control+g");
      const input = page.locator(".quick-input-widget input.input");
      await input.waitFor();
      await input.fill(`:${number}`);
      await page.keyboard.press("Enter");
      await input.waitFor({ state: "hidden" });
    }
  });

  test("runs it from the palette and sees two charts draw points, live", async () => {
    const { command, dashboard } = session();
    await command("Taskscope: Run Experiment");
    const frame = dashboard();
    await frame.getByRole("tab", { name: "Curves" }).click();
    const charts = frame.locator("figure.chart canvas");
    for (const index of [0, 1]) await changes(charts.nth(index), 3);
  });

  test("sees the map of who owns which layer grow", async () => {
    const { dashboard } = session();
    await dashboard().getByRole("tab", { name: "Ownership" }).click();
    const map = dashboard().locator(".heat canvas");
    await changes(map, 2);
    expect(await colours(map)).toBeGreaterThan(1);
  });

  test("reloads the window in the middle, and finds the run still going and the panel as it was", async () => {
    const { dashboard, reload, experiments } = session();
    const before = await step();
    await reload();
    await dashboard().getByRole("tab", { name: "Ownership", selected: true }).waitFor();
    await expect.poll(status).toBe("running");
    await expect.poll(step).toBeGreaterThan(before);
    await changes(dashboard().locator(".heat canvas"), 2);
    const rows = await experiments();
    await rows.filter({ hasText: /^equal.*%/ }).first().waitFor();
  });

  test("stops the run and sees that it has stopped", async () => {
    const { command, experiments } = session();
    await command("Taskscope: Stop Run");
    await expect.poll(status, { timeout: 60_000 }).toBe("stopped");
    const rows = await experiments();
    await rows.filter({ hasText: "stopped" }).first().waitFor();
    const last = await step();
    // What has ended does not go on.
    await expect.poll(step, { timeout: 2000 }).toBe(last);
  });

  async function status(): Promise<string> {
    return (await session().dashboard().locator("header [role=status]").innerText()).trim();
  }

  /** Steps of the newest run, read as any reader does. */
  async function step(): Promise<number> {
    const [entry] = new RunRegistry().list(session().folder);
    return entry?.kind === "run" ? entry.summary.step : -1;
  }
});

/** Waits until the picture of a canvas has changed `times` times. */
async function changes(canvas: Locator, times: number): Promise<void> {
  const seen = new Set<string>();
  await expect
    .poll(async () => seen.add(await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL())).size, { timeout: 90_000, interval: 200 })
    .toBeGreaterThan(times);
}

/** How many different opaque colours a canvas shows. */
async function colours(canvas: Locator): Promise<number> {
  return canvas.evaluate((element: HTMLCanvasElement) => {
    const pixels = element.getContext("2d")?.getImageData(0, 0, element.width, element.height).data ?? new Uint8ClampedArray();
    const words = new Uint32Array(pixels.buffer);
    return new Set(words.filter((word) => word >>> 24 === 255)).size;
  });
}

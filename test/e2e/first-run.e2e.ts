import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FrameLocator, Locator } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { RunSummary } from "../../src/runs/contract.ts";
import { RunRegistry } from "../../src/runs/registry.ts";
import { liveLatency } from "./live-latency.ts";
import { examplesForLong, longExperiment as experiment } from "./long-run.ts";
import { sessionOfThisFile } from "./session.ts";

const session = sessionOfThisFile({ fill: examplesForLong });

/** The tests tell one story, in this order. */
describe("a newcomer", { timeout: 240_000 }, () => {
  test("opens the example, breaks it, and a quick fix repairs it", async () => {
    const workbench = session();
    const editor = await workbench.openFile(experiment);
    await editor.getByText("▶ Run").waitFor();
    const lines = (await readFile(join(workbench.folder, experiment), "utf8")).split("\n");
    const line = lines.findIndex((text) => text.startsWith("balancer:"));
    await goTo(line + 1);
    await workbench.page.keyboard.press("End");
    await workbench.page.keyboard.type("l");
    const rows = await workbench.problems();
    const problem = rows.filter({ hasText: "equall" });
    await problem.first().waitFor();

    await workbench.openFile(experiment);
    await goTo(line + 1);
    await workbench.page.keyboard.press("End");
    await workbench.page.keyboard.press("Control+.");
    await workbench.page.locator(".action-widget .monaco-list-row").filter({ hasText: "Change to equal" }).first().click();
    await problem.first().waitFor({ state: "detached" });
    await editor.getByText("equall").waitFor({ state: "detached" });
    await workbench.command("View: Toggle Panel Visibility");

    async function goTo(number: number): Promise<void> {
      await workbench.page.keyboard.press("Control+g");
      const input = workbench.page.locator(".quick-input-widget input.input");
      await input.waitFor();
      await input.fill(`:${number}`);
      await workbench.page.keyboard.press("Enter");
      await input.waitFor({ state: "hidden" });
    }
  });

  test("runs it from the palette and sees two charts draw points, live", async () => {
    const workbench = session();
    await workbench.command("Taskscope: Run Experiment");
    const frame = workbench.dashboard();
    await frame.getByRole("tab", { name: "Curves" }).click();
    const charts = frame.locator("figure.chart canvas");
    for (const index of [0, 1]) await changes(charts.nth(index), 3);
  });

  test("sees a point soon after it was recorded; how soon is measured and told, for a busy machine decides it", async () => {
    const latency = await liveLatency(session(), 10);
    console.log(`recorded → drawn, in milliseconds: ${JSON.stringify(latency)}`);
    expect(latency.samples).toBeGreaterThan(0);
    expect(latency.median).toBeGreaterThan(0);
  });

  test("sees the map of who owns which layer grow", async () => {
    const workbench = session();
    await workbench.dashboard().getByRole("tab", { name: "Ownership" }).click();
    await changes(ownershipMap(workbench.dashboard()), 2);
  });

  test("reloads the window in the middle, and finds the run still going and the panel restored", async () => {
    const workbench = session();
    const before = await step();
    await workbench.reload("mainThreadWebview-taskscope.dashboard");
    // Which view was open is kept too, but a browser that is reloaded may lose the last seconds of what was kept.
    await expect.poll(status, patience).toBe("running");
    await expect.poll(step, patience).toBeGreaterThan(before);
    await workbench.dashboard().getByRole("tab", { name: "Ownership" }).click();
    await changes(ownershipMap(workbench.dashboard()), 2);
    const rows = await workbench.experiments();
    await rows
      .filter({ hasText: /^equal.*%/ })
      .first()
      .waitFor();
  });

  test("stops the run and sees that it has stopped", async () => {
    const workbench = session();
    await workbench.command("Taskscope: Stop Run");
    await expect.poll(status, patience).toBe("stopped");
    const rows = await workbench.experiments();
    await rows.filter({ hasText: "stopped" }).first().waitFor();
    expect(newestRun()?.status).toBe("stopped");
  });

  test("deletes the run, which can still be found in the trash", async () => {
    const workbench = session();
    const { page } = workbench;
    const id = newestRun()?.id;
    const row = (await workbench.experiments()).filter({ hasText: "stopped" }).first();
    await row.click({ button: "right" });
    // A menu that has just opened takes no click for a moment, to be safe from the click that opened it.
    await page.locator(".monaco-menu").getByText("Delete Run").hover();
    await page.keyboard.press("Enter");
    await page.locator(".monaco-dialog-box").getByRole("button", { name: "Move to Trash" }).click();
    await row.waitFor({ state: "detached" });
    expect(newestRun()).toBeUndefined();
    expect(await readdir(join(workbench.folder, ".taskscope/trash"))).toEqual([id]);
  });

  async function status(): Promise<string> {
    return (await session().dashboard().locator("header [role=status]").innerText()).trim();
  }

  /** The newest run, read as any reader does. */
  function newestRun(): RunSummary | undefined {
    const [entry] = new RunRegistry().list(session().folder);
    return entry?.kind === "run" ? entry.summary : undefined;
  }

  async function step(): Promise<number> {
    return newestRun()?.step ?? -1;
  }
});

/** Time for a busy machine; what is waited for usually takes less than a second. */
const patience = { timeout: 60_000 };

function ownershipMap(dashboard: FrameLocator): Locator {
  return dashboard.getByRole("img", { name: "Owner of each tensor over time" });
}

/** Waits until what a canvas shows has changed `times` times. */
async function changes(canvas: Locator, times: number): Promise<void> {
  const seen = new Set<string>();
  await expect
    .poll(async () => seen.add((await canvas.screenshot()).toString("base64")).size, { ...patience, interval: 200 })
    .toBeGreaterThan(times);
}

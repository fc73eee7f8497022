import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser } from "../../../scripts/workbench/browser.ts";
import { bundlePage, openPage } from "./open-page.ts";

/** The page with twenty tasks of long names, and what high contrast must show. */

let browser: Browser;
let files: Awaited<ReturnType<typeof bundlePage>>;
beforeAll(async () => {
  files = await bundlePage();
  browser = await launchBrowser();
});
afterAll(async () => browser.close());

it("keeps the actions above the legend, and the legend low", async () => {
  const { page } = await openPage(browser, files, { scenario: "twenty", view: "overview", theme: "dark", width: 1280 });
  const legend = await page.locator(".legend").boundingBox();
  const actions = await page.locator(".actions").boundingBox();
  expect(legend?.height).toBeLessThan(60);
  expect((actions?.y ?? 0) + (actions?.height ?? 0)).toBeLessThanOrEqual(legend?.y ?? 0);
  await page.context().close();
});

it("gives each of twenty tasks a colour of its own", async () => {
  const { page } = await openPage(browser, files, { scenario: "twenty", view: "overview", theme: "light", width: 1280 });
  const colours = await page.evaluate(
    `new Set([...document.querySelectorAll(".legend .swatch")].map((swatch) => getComputedStyle(swatch).backgroundColor)).size`,
  );
  expect(colours).toBe(20);
  await page.context().close();
});

it("says in a chart's head how many values it leaves out", async () => {
  const { page } = await openPage(browser, files, { scenario: "twenty", view: "curves", theme: "dark", width: 1280 });
  const loss = page.locator("figure.chart").first();
  await loss.getByText("+18").waitFor();
  await expect.poll(() => loss.locator(".readings > span").count()).toBe(2);
  await page.context().close();
});

it("writes names and percentages of histograms side by side", async () => {
  const { page } = await openPage(browser, files, { scenario: "twenty", view: "ownership", theme: "dark", width: 1280 });
  await page.locator(".histogram .name").first().waitFor();
  const overlap = await page.evaluate(
    `[...document.querySelectorAll(".histogram g")].some((group) => {
      const [name, part] = [...group.querySelectorAll(".name")].map((text) => text.getBoundingClientRect());
      return name.right > part.left;
    })`,
  );
  expect(overlap).toBe(false);
  await page.context().close();
});

it.each(["hc", "hc-light"] as const)("shows which choice is on in high contrast: %s", async (theme) => {
  const { page } = await openPage(browser, files, { scenario: "live", view: "curves", theme, width: 1280 });
  const fill = (checked: boolean): Promise<unknown> =>
    page.evaluate(`getComputedStyle(document.querySelector('.choice .button[aria-checked="${String(checked)}"]')).backgroundColor`);
  const foreground = await page.evaluate(`getComputedStyle(document.body).color`);
  expect(await fill(true)).toBe(foreground);
  expect(await fill(false)).not.toBe(foreground);
  await page.context().close();
});

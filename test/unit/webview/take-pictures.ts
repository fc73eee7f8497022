// Takes pictures of every view in every theme, wide and narrow, to be looked at: `node test/unit/webview/take-pictures.ts FOLDER [NAME…]`.
// With the folder of a recorded run in TASKSCOPE_RUN, that run is shown in place of made-up ones.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launchBrowser } from "../../../scripts/workbench/browser.ts";
import { bundlePage, openPage, type Wanted } from "./open-page.ts";
import { realRunScript } from "./real-run.ts";

const [folder = "test-results/dashboard", ...only] = process.argv.slice(2);

const pictures = new Map<string, Wanted>([
  ...(["overview", "curves", "ownership"] as const).flatMap((view) =>
    (["dark", "light", "hc", "hc-light"] as const).flatMap((theme) =>
      [1280, 480].map((width) => [`${view}-${theme}-${width}`, { scenario: "live", view, theme, width }] as const),
    ),
  ),
  ...["empty", "loading", "crashed", "failed", "stopped", "stale", "broken", "start", "one", "nothingCommon", "four", "nine"].map(
    (scenario) => [`overview-${scenario}`, { scenario, view: "overview", theme: "dark", width: 1280 }] as const,
  ),
  ["curves-broken", { scenario: "broken", view: "curves", theme: "dark", width: 1280 }] as const,
  ["curves-four", { scenario: "four", view: "curves", theme: "light", width: 1280 }] as const,
  ["curves-table", { scenario: "live", view: "curves", theme: "dark", width: 1280, memory: { asTable: true } }] as const,
  ["ownership-four", { scenario: "four", view: "ownership", theme: "light", width: 1280 }] as const,
  ["ownership-nine", { scenario: "nine", view: "ownership", theme: "dark", width: 1280 }] as const,
  ["ownership-sixteen", { scenario: "sixteen", view: "ownership", theme: "light", width: 1280 }] as const,
  ["curves-sixteen", { scenario: "sixteen", view: "curves", theme: "dark", width: 1280 }] as const,
  ...(["overview", "curves", "ownership"] as const).flatMap((view) =>
    (["dark", "light", "hc", "hc-light"] as const).map(
      (theme) => [`${view}-twenty-${theme}`, { scenario: "twenty", view, theme, width: 1280 }] as const,
    ),
  ),
  ["ownership-exact", { scenario: "exact", view: "ownership", theme: "dark", width: 1280 }] as const,
  ["ownership-alone", { scenario: "four", view: "ownership", theme: "dark", width: 1280, memory: { tasks: "normals" } }] as const,
  [
    "ownership-dense",
    { scenario: "live", view: "ownership", theme: "dark", width: 1280, memory: { parameter: "conv2.kernel", moment: 800 } },
  ] as const,
  ["ownership-table", { scenario: "live", view: "ownership", theme: "light", width: 1280, memory: { asTable: true } }] as const,
  ["ownership-one", { scenario: "one", view: "ownership", theme: "dark", width: 1280 }] as const,
  ["ownership-start", { scenario: "start", view: "ownership", theme: "dark", width: 1280 }] as const,
]);

await mkdir(folder, { recursive: true });
const recorded = process.env["TASKSCOPE_RUN"];
const before = recorded === undefined ? "" : realRunScript(recorded);
const browser = await launchBrowser();
try {
  const files = await bundlePage();
  for (const [name, wanted] of pictures) {
    if (only.length > 0 && !only.includes(name)) continue;
    const { page, complaints } = await openPage(browser, files, { height: wanted.view === "curves" ? 1400 : 860, before, ...wanted });
    // Two refreshes: the series list, then the points it made the page ask for; and the maps after them.
    await page.waitForTimeout(900);
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    if (complaints.length > 0) console.error(`${name}: ${complaints.join("\n  ")}`);
    await page.context().close();
  }
} finally {
  await browser.close();
}

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { launchBrowser } from "../../../scripts/workbench/browser.ts";
import { bundlePage, openPage, type Opened, type Wanted } from "./open-page.ts";

/** The dashboard page in a real browser, under the policy it promises, with a host that answers from made-up runs. */

let browser: Browser;
let files: Awaited<ReturnType<typeof bundlePage>>;
let opened: Opened | undefined;

beforeAll(async () => {
  files = await bundlePage();
  browser = await launchBrowser();
});
afterAll(async () => browser.close());
afterEach(async () => {
  const complaints = opened?.complaints;
  await opened?.page.context().close();
  opened = undefined;
  expect(complaints ?? []).toEqual([]);
});

async function open(wanted: Partial<Wanted>): Promise<Page> {
  opened = await openPage(browser, files, { scenario: "live", view: "overview", theme: "dark", width: 1280, ...wanted });
  return opened.page;
}

const toldShape = z.array(z.looseObject({ type: z.string() }));

/** Messages of one type that the page sent so far. */
async function told(page: Page, type: string): Promise<z.infer<typeof toldShape>> {
  const all = toldShape.parse(JSON.parse(z.string().parse(await page.evaluate("JSON.stringify(globalThis.told)"))));
  return all.filter((message) => message.type === type);
}

/** Waits until an expression is true in the page. (The page's policy forbids the browser driver's own way of waiting.) */
async function until(page: Page, expression: string): Promise<void> {
  await expect
    .poll(async () => Boolean(await page.evaluate(expression)), { timeout: 20_000, interval: 50, message: expression })
    .toBe(true);
}

/** Waits until the last message of a type fits. */
async function untilTold(page: Page, type: string, fits: string): Promise<void> {
  await until(
    page,
    `(() => { const all = globalThis.told.filter((m) => m.type === ${JSON.stringify(type)}); const m = all.at(-1); return m !== undefined && (${fits}); })()`,
  );
}

/** Waits until a canvas shows more than nothing. */
async function untilPainted(page: Page, selector: string): Promise<void> {
  await until(
    page,
    `[...document.querySelectorAll(${JSON.stringify(selector)})].some((c) => c.width > 1 && c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v !== 0))`,
  );
}

/** Waits until a chart's lines are drawn, not only its axes: the first task's hue in the dark theme is there. */
async function untilDrawn(page: Page, selector: string): Promise<void> {
  await until(
    page,
    `(() => { const c = document.querySelector(${JSON.stringify(selector)}); const d = c?.getContext("2d").getImageData(0, 0, c.width, c.height).data ?? []; for (let i = 0; i < d.length; i += 4) if (d[i] === 0x60 && d[i + 1] === 0x8d && d[i + 2] === 0xf5) return true; return false; })()`,
  );
}

async function picture(page: Page, selector: string): Promise<string> {
  return z.string().parse(await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).toDataURL()`));
}

const text = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).first().innerText()).replaceAll("\u202f", " ");

describe("what it shows", () => {
  it("Overview: a card per task, who owns the trunk, and what was found", async () => {
    const page = await open({});
    await until(page, `document.querySelector(".card .big")?.textContent !== "–"`);
    expect(await text(page, ".card >> nth=0")).toMatch(/left[\s\S]*97\.3 %[\s\S]*Best/);
    expect(await text(page, ".card >> nth=1")).toMatch(/falling[\s\S]*90\.4 %/);
    expect(await text(page, ".trunk-bar")).toContain("left 65 %");
    expect(await text(page, ".status-line")).toMatch(/Epoch 24 of 30.*10 s left.*step 2256 of 2820.*steps not compiled/s);
    expect(await page.getByText("steps not compiled").getAttribute("title")).toBe("the wasm backend does not compile");
    await untilPainted(page, ".card canvas");
  });

  it("Overview: a click on a layer opens Ownership at its largest tensor", async () => {
    const page = await open({});
    await page.locator(".layers").getByRole("button", { name: "conv2" }).click();
    await page.waitForSelector('[role=option][aria-selected=true]:has-text("conv2.kernel")');
    expect(await page.getByRole("tab", { name: "Ownership" }).getAttribute("aria-selected")).toBe("true");
  });

  it("Curves: charts of what is recorded, and no more is asked for than is shown", async () => {
    const page = await open({ view: "curves", height: 1600 });
    await untilPainted(page, ".chart canvas");
    expect(await page.locator(".chart h2").allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Loss/), expect.stringMatching(/^Accuracy/), expect.stringMatching(/^Learning rate/)]),
    );
    const [subscription] = (await told(page, "subscribe")).slice(-1);
    expect(JSON.stringify(subscription)).not.toContain("dominance/conv1.kernel");
  });

  it("Ownership: the heat map, the histogram and the map of single weights", async () => {
    const page = await open({ view: "ownership" });
    await untilPainted(page, ".heat canvas");
    await untilPainted(page, ".elements canvas");
    expect(await page.locator("svg .owner").allTextContents()).toContain("left");
    expect(await page.locator(".histogram rect").count()).toBe(20);
    expect(await text(page, ".pane-title")).toContain("left owns 65 %");
  });

  it.each([
    ["empty", "No run yet"],
    ["one", "Ownership"],
    ["crashed", "The trainer died after step 1607, epoch 17.1 of 30."],
    ["failed", "The disk is full."],
    ["stale", "no sign of life for 3"],
    ["stopped", "stopped"],
    ["loading", "Loading"],
  ])("%s says so", async (scenario, words) => {
    const page = await open({ scenario });
    await until(page, `document.body.innerText.includes(${JSON.stringify(words)})`);
    if (scenario === "crashed") await until(page, `document.querySelector("pre")?.innerText.includes("memory access")`);
  });

  it("marks steps that are not finite, and lists them as a finding", async () => {
    const page = await open({ scenario: "broken" });
    await until(page, `document.querySelector("aside")?.innerText.includes("4 steps were not finite")`);
  });
});

describe("in another language", () => {
  it("says its own words and those of the findings", async () => {
    const page = await open({
      scenario: "broken",
      strings: { Findings: "Befunde", "{0} steps were not finite": "{0} Schritte ohne endlichen Wert" },
    });
    await until(page, `document.querySelector("aside")?.innerText.includes("4 Schritte ohne endlichen Wert")`);
    expect(await text(page, "aside h2")).toBe("Befunde");
  });
});

describe("pointer and keys", () => {
  it("one crosshair crosses all charts, and no chart is drawn for it", async () => {
    const page = await open({ view: "curves", height: 1600 });
    await untilDrawn(page, ".chart canvas");
    const before = await picture(page, ".chart canvas");
    await page
      .locator(".chart .plot")
      .nth(1)
      .hover({ position: { x: 150, y: 80 } });
    await page.waitForSelector(".tooltip");
    const charts = await page.locator(".chart").count();
    expect(await page.locator(".cross").count()).toBe(charts);
    expect(await text(page, ".tooltip")).toMatch(/epoch 1\d\.\d · step \d+/);
    expect(await picture(page, ".chart canvas")).toBe(before);
  });

  it("arrow keys move the crosshair of a focused chart and say what it reads", async () => {
    const page = await open({ view: "curves" });
    await untilPainted(page, ".chart canvas");
    await page.locator(".chart").first().focus();
    for (let i = 0; i < 40; i++) await page.keyboard.press("ArrowRight");
    await until(
      page,
      `/epoch 12\\.0 · step 1128\\. Loss: left now/.test([...document.querySelectorAll("[role=status]")].map((e) => e.textContent).join())`,
    );
  });

  it("a drag zooms all charts to a span and asks for its points; a double click shows all again", async () => {
    const page = await open({ view: "curves" });
    await untilPainted(page, ".chart canvas");
    const box = await page.locator(".chart .plot").first().boundingBox();
    if (!box) throw new Error("no chart");
    await page.mouse.move(box.x + 100, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 150, box.y + 60);
    await page.mouse.move(box.x + 200, box.y + 60);
    await page.waitForSelector(".band");
    await page.mouse.up();
    await untilTold(page, "subscribe", "m.subscription.span !== null && m.subscription.span[0] > 300 && m.subscription.span[1] < 2000");
    await page.mouse.dblclick(box.x + 150, box.y + 60);
    await untilTold(page, "subscribe", "m.subscription.span === null");
  });

  it("each chart has its own scale; the choice for all takes them back", async () => {
    const page = await open({ view: "curves" });
    await untilDrawn(page, ".chart canvas");
    const norm = page.getByRole("figure", { name: /^Gradient norm/ });
    const drawn = async (): Promise<string> => picture(page, 'figure[aria-label^="Gradient norm"] canvas');
    const linear = await drawn();
    await norm.getByRole("button", { name: "Logarithmic y axis of Gradient norm" }).click();
    await page.getByRole("figure", { name: "Gradient norm, per task, log" }).waitFor();
    await untilTold(page, "keep", `m.state.page.scales === "log norm"`);
    await expect.poll(drawn).not.toBe(linear);
    expect(await page.getByRole("button", { name: /^Logarithmic y axis of Cosine/ }).count()).toBe(0);
    await page.getByRole("radiogroup", { name: "Y axis" }).getByRole("radio", { name: "linear" }).click();
    await page.getByRole("figure", { name: "Loss, train", exact: true }).waitFor();
    await untilTold(page, "keep", `m.state.page.scales === "" && m.state.page.yScale === "linear"`);
  });

  it("outliers are cut off unless the reader wants to see them", async () => {
    const page = await open({ view: "curves", memory: { yScale: "linear" } });
    await untilDrawn(page, ".chart canvas");
    await page.evaluate(`(() => {
      const run = globalThis.told.findLast((m) => m.type === "subscribe").subscription.run;
      globalThis.tellPage({ type: "data", run, vectors: [], events: [], snapshots: [],
        scalars: [{ name: "loss/left", mode: "append", steps: Float64Array.of(2257), values: Float64Array.of(1e9), reduced: false, recent: 1e9 }] });
    })()`);
    const shown = async (): Promise<string> => picture(page, ".chart canvas");
    await until(page, `document.querySelector(".chart .readings").textContent.includes("e")`);
    const cut = await shown();
    await page.getByRole("checkbox", { name: "Ignore outliers" }).uncheck();
    await untilTold(page, "keep", "m.state.page.ignoreOutliers === false");
    await expect.poll(shown).not.toBe(cut);
  });

  it("the time axis is a slider: keys move the moment, End follows the run again", async () => {
    const page = await open({ view: "ownership" });
    await untilPainted(page, ".elements canvas");
    const slider = page.getByRole("slider", { name: "Time" });
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/, live$/);
    await slider.press("PageDown");
    await slider.press("ArrowLeft");
    await until(page, `document.querySelector("[role=slider][aria-label=Time]").getAttribute("aria-valuetext") === "epoch 22.8"`);
    await untilTold(page, "get-vector", "m.step === 2147");
    await untilTold(page, "get-snapshot", "m.step === 22 * 94");
    await slider.press("End");
    await until(page, `/live$/.test(document.querySelector("[role=slider][aria-label=Time]").getAttribute("aria-valuetext"))`);
  });

  it("plays the maps from the first to the last, and can be paused on the way", async () => {
    const page = await open({ view: "ownership" });
    await untilPainted(page, ".elements canvas");
    await page.getByRole("button", { name: "Play the maps" }).click();
    await untilTold(page, "get-snapshot", "m.step === 2 * 94");
    await page.getByRole("button", { name: "Pause" }).click();
    const slider = page.getByRole("slider", { name: "Time" });
    const paused = await slider.getAttribute("aria-valuetext");
    expect(paused).toMatch(/^epoch [2-9]$/);
    await page.waitForTimeout(700);
    expect(await slider.getAttribute("aria-valuetext")).toBe(paused);
    await slider.press("End");
    await slider.press("PageDown");
    await page.getByRole("button", { name: "Play the maps" }).click();
    await until(page, `/live$/.test(document.querySelector("[role=slider][aria-label=Time]").getAttribute("aria-valuetext"))`);
    await page.getByRole("button", { name: "Play the maps" }).waitFor();
  });

  it("the Tab key alone reaches the tensors, the time, the maps to be played, and the tables", async () => {
    const page = await open({ view: "ownership" });
    await untilPainted(page, ".elements canvas");
    await page.getByRole("tab", { name: "Ownership" }).focus();
    const reached: string[] = [];
    for (let presses = 0; presses < 8; presses++) {
      await page.keyboard.press("Tab");
      reached.push(z.string().parse(await page.evaluate(`document.activeElement.getAttribute("aria-label") ?? ""`)));
    }
    expect(reached).toEqual(expect.arrayContaining(["Show as tables", "Tensors", "Play the maps of all epochs", "Time"]));
  });

  it("arrow keys choose tensors", async () => {
    const page = await open({ view: "ownership" });
    const list = page.getByRole("listbox", { name: "Tensors" });
    await list.press("Home");
    await list.press("ArrowDown");
    await page.waitForSelector('[role=option][aria-selected=true][aria-label^="conv1.bias"]');
    await untilTold(page, "subscribe", `m.subscription.vectors[0] === "dominance-histogram/conv1.bias"`);
  });

  it("arrow keys go through the tabs", async () => {
    const page = await open({});
    await page.getByRole("tab", { name: "Overview" }).press("ArrowRight");
    await page.waitForSelector('[role=tab][aria-selected=true]:has-text("Curves"):focus');
    await page.keyboard.press("End");
    await page.waitForSelector('[role=tab][aria-selected=true]:has-text("Ownership"):focus');
  });

  it("a click on a task shows it alone, in every view", async () => {
    const page = await open({ view: "curves" });
    await untilPainted(page, ".chart canvas");
    await page.getByRole("button", { name: "right", exact: true }).click();
    await until(page, `document.querySelector(".chart .readings").querySelectorAll(".swatch").length === 1`);
    await page.getByRole("tab", { name: "Ownership" }).click();
    await untilPainted(page, ".heat canvas");
    expect(await page.locator(".ramp").count()).toBe(1);
  });

  it("the table button gives the same numbers as text", async () => {
    const page = await open({ view: "ownership" });
    await untilPainted(page, ".heat canvas");
    await page.getByRole("button", { name: "Show as tables" }).click();
    await page.waitForSelector("table");
    expect((await text(page, "table")).split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^tensor\s+weights\s+owned by\s+left\s+right$/),
      expect.stringMatching(/^conv1\.kernel\s+400\s+right 7\d %/),
    ]);
    await page.getByRole("region", { name: "Histogram of dense1.kernel" }).waitFor();
    const channels = page.getByRole("region", { name: "Output channels of dense1.kernel" });
    await channels.waitFor();
    expect(await channels.locator("tbody tr").count()).toBe(60);
    await page.getByRole("combobox", { name: "tensor" }).click();
    await page.getByRole("option", { name: /^conv1\.kernel/ }).click();
    await page.getByRole("region", { name: "Output channels of conv1.kernel" }).waitFor();
  });
});

describe("between page and host", () => {
  it("keeps run, view and settings, and comes back with them", async () => {
    const page = await open({ view: "curves", memory: { smoothing: 0.5, asTable: false, xUnit: "step" } });
    await page.waitForSelector(".chart");
    expect(await page.locator("input[type=range]").inputValue()).toBe("0.5");
    await page.getByRole("tab", { name: "Overview" }).click();
    await untilTold(page, "keep", `m.state.view === "overview" && m.state.page.smoothing === 0.5 && m.state.page.xUnit === "step"`);
  });

  it("asks for a map once, and draws no curve again, however often the host tells that the run goes on", async () => {
    const page = await open({ view: "ownership" });
    await untilPainted(page, ".elements canvas");
    const asked = (await told(page, "get-snapshot")).length;
    await tellOfProgress();
    // A question is sent when the moment has rested for 60 ms.
    await page.waitForTimeout(300);
    expect(await told(page, "get-snapshot")).toHaveLength(asked);

    await page.getByRole("tab", { name: "Curves" }).click();
    await untilDrawn(page, ".chart canvas");
    await page.evaluate(`(() => {
      globalThis.drawings = 0;
      const clear = CanvasRenderingContext2D.prototype.clearRect;
      CanvasRenderingContext2D.prototype.clearRect = function (...of) { globalThis.drawings += 1; return clear.apply(this, of); };
    })()`);
    await page.waitForTimeout(300);
    const drawn = await page.evaluate("globalThis.drawings");
    await tellOfProgress();
    await page.waitForTimeout(300);
    expect(await page.evaluate("globalThis.drawings")).toBe(drawn);

    /** As the host does each second: copies of all that it knows of the runs, a step further. */
    async function tellOfProgress(): Promise<void> {
      for (const step of [2260, 2270, 2280]) {
        await page.evaluate(`(() => {
          const state = structuredClone(globalThis.lastState);
          globalThis.tellPage({ ...state, runs: state.runs.map((run, i) => i === 0 ? { ...run, step: ${step} } : run), restore: null });
        })()`);
        await until(page, `document.querySelector("main") !== null`);
      }
    }
  });

  it("draws a live point soon after it came", async () => {
    const page = await open({});
    await page.waitForSelector(".finding");
    await page.evaluate(`(() => {
      const run = globalThis.told.findLast((m) => m.type === "subscribe").subscription.run;
      globalThis.tellPage({ type: "data", run, vectors: [], events: [], snapshots: [],
        scalars: [{ name: "metric/validation/left/accuracy", mode: "append", steps: Float64Array.of(2257), values: Float64Array.of(0.123), reduced: false, recent: 0.123 }] });
    })()`);
    await until(page, `document.querySelector(".card .big").textContent.startsWith("12.3")`);
  });

  it("refuses a message that does not fit, and says so", async () => {
    const page = await open({});
    await page.evaluate(`globalThis.tellPage({ type: "data", run: "x", scalars: "none" })`);
    await page.waitForSelector('[role=alert]:has-text("does not fit")');
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.waitForSelector("[role=alert]", { state: "detached" });
  });

  it("changes run, stops, runs again", async () => {
    const page = await open({});
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await untilTold(page, "command", `m.command === "stop"`);
    await page.getByRole("combobox", { name: "Run shown" }).click();
    await page.getByRole("option", { name: /^adatask/ }).click();
    await untilTold(page, "subscribe", `m.subscription.run.startsWith("20261123-2200") && m.subscription.scalars.length > 0`);
    await page.getByRole("button", { name: "Run again" }).click();
    await untilTold(page, "command", `m.command === "run"`);
  });

  it("offers to run where there is no run yet", async () => {
    const page = await open({ scenario: "empty" });
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await untilTold(page, "command", `m.command === "run" && m.run === null`);
    expect(await page.getByRole("tab", { name: "Curves" }).isDisabled()).toBe(true);
  });

  it("follows a change of theme", async () => {
    const page = await open({ view: "ownership" });
    await untilPainted(page, ".heat canvas");
    const before = await picture(page, ".heat canvas");
    await page.evaluate(`document.body.className = "vscode-light"`);
    await until(page, `document.querySelector(".heat canvas").toDataURL() !== ${JSON.stringify(before)}`);
  });
});

describe("accessibility", () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const states = [
    ["live", "overview"],
    ["live", "curves"],
    ["live", "ownership"],
    ["four", "ownership"],
    ["crashed", "overview"],
    ["sixteen", "curves"],
    ["live", "ownership", { asTable: true }],
    ["empty", "overview"],
    ["one", "ownership"],
    ["one", "overview"],
    ["start", "ownership"],
    ["broken", "curves"],
    ["failed", "overview"],
    ["live", "curves", { asTable: true }],
    ["live", "overview", { asTable: true }],
  ] as const;
  const themes = ["dark", "light", "hc", "hc-light"] as const;

  it.each(
    themes.flatMap((theme) =>
      states
        .slice(0, theme.startsWith("hc") ? 7 : states.length)
        .map(([scenario, view, memory = {}]) => [theme, scenario, view, memory] as const),
    ),
  )("axe finds nothing serious: %s, %s, %s, %j", async (theme, scenario, view, memory) => {
    const page = await open({ theme, scenario, view, memory });
    if ("asTable" in memory) await page.waitForSelector("table");
    else if (scenario === "live" || scenario === "four") await untilPainted(page, "canvas");
    await page.evaluate(axe);
    const found = await page.evaluate(
      `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).slice(0, 4).join(" | ")))`,
    );
    expect(found).toEqual([]);
  });

  it("tables are reachable and named", async () => {
    const page = await open({ view: "curves", memory: { asTable: true } });
    await page.getByRole("region", { name: "Loss", exact: true }).waitFor();
  });
});

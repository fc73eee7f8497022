import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, FrameLocator, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { z } from "zod";
import { launchBrowser } from "../../scripts/workbench/browser.ts";
import { endRuns, endRunsAtExit } from "../../scripts/workbench/end-runs.ts";
import { startWorkbench } from "../../scripts/workbench/server.ts";

const root = join(import.meta.dirname, "../..");
const pictures = join(root, "test-results/pictures");

export type Theme = "dark" | "light" | "high-contrast";

/** What the workbench calls a theme, and the class its root element has then. */
const themes: Record<Theme, { readonly id: string; readonly mark: string }> = {
  dark: { id: "Dark Modern", mark: ".vs-dark" },
  light: { id: "Light Modern", mark: ".vs" },
  "high-contrast": { id: "Default High Contrast", mark: ".hc-black" },
};

/** Time for the workbench to show what was asked for, on a busy machine. */
const patience = 60_000;

export interface SessionRequest {
  /** `ask`: the folder is not trusted until someone says so. */
  readonly trust?: "ask" | "all";
  readonly theme?: Theme;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Fills the folder that is opened; without it, it holds a copy of the examples. */
  /** File of the folder that is shown at the first start. */
  readonly show?: string;
  readonly fill?: (folder: string) => Promise<void>;
}

/** A person at a workbench with Taskscope, on a folder of their own. */
export interface Session {
  readonly page: Page;
  /** The opened folder: a copy that goes with the session. */
  readonly folder: string;
  /** Runs a command by its title in the palette. */
  command(title: string): Promise<void>;
  /** Opens a file of the folder in the editor by its name, and answers the editor. */
  openFile(name: string): Promise<Locator>;
  /** Opens the Problems view and answers its rows. */
  problems(): Promise<Locator>;
  /** Shows Taskscope's side bar and answers the rows of its tree. */
  experiments(): Promise<Locator>;
  /** The page inside the visible webview panel. */
  dashboard(): FrameLocator;
  setTheme(theme: Theme): Promise<void>;
  /** Merges into the user's settings; the workbench takes them over while it runs. */
  set(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** Reloads the window, as the command "Reload Window" does, and waits until it stands again. */
  /** Reloads the window once the workbench has stored that an editor is open whose own name of its type this is: it does so every few idle seconds. */
  reload(editor: string): Promise<void>;
  /** Writes a picture of the window to `test-results/pictures/<name>.png` and answers its path. */
  picture(name: string): Promise<string>;
  /** Messages of the browser's console that tell of errors, for a failing test. */
  errors(): readonly string[];
  /** Ends the runs of the folder, the browser and the workbench, and removes the folder. */
  close(): Promise<void>;
}

/**
 * One session for all tests of a file, opened before the first and closed after the last; answers a way to it.
 * A failing test leaves a picture `failed-<test>.png` and what the browser complained of.
 */
export function sessionOfThisFile(request: SessionRequest = {}): () => Session {
  let session: Session | undefined;
  const current = (): Session => {
    if (session === undefined) throw new Error("The session is not open yet; use it inside a test.");
    return session;
  };
  beforeAll(async () => {
    session = await openSession(request);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail" || session === undefined) return;
    console.error(
      `Picture: ${await session.picture(`failed-${task.name.replaceAll(/[^a-z0-9]+/gi, "-")}`)}\n${session.errors().slice(-20).join("\n")}`,
    );
  });
  afterAll(async () => {
    await session?.close();
  });
  return current;
}

export async function openSession(request: SessionRequest = {}): Promise<Session> {
  const folder = await mkdtemp(join(tmpdir(), "taskscope-e2e-"));
  const fill = request.fill ?? copyExamples;
  await fill(folder);
  const calm = endRunsAtExit(folder);
  await mkdir(pictures, { recursive: true });
  const workbench = await startWorkbench({
    extension: root,
    folder,
    ...(request.show === undefined ? {} : { file: join(folder, request.show) }),
    trust: request.trust ?? "all",
    userSettings: { "workbench.colorTheme": themes[request.theme ?? "dark"].id },
    say: console.log,
  });
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await workbench.stop();
    await endRuns(folder);
    calm();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    browser = await launchBrowser();
    const page = await browser.newPage({ viewport: request.viewport ?? { width: 1440, height: 900 } });
    page.setDefaultTimeout(patience);
    const errors: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(workbench.url);
    await standing(page);
    return { page, folder, close, ...actions(page, join(workbench.dataFolder, "data/User/settings.json")), errors: () => errors };
  } catch (error) {
    await close();
    throw error;
  }
}

async function copyExamples(folder: string): Promise<void> {
  await cp(join(root, "examples"), folder, { recursive: true, filter: (path) => !path.includes(".taskscope") });
}

/** Waits until the window stands and takes commands. */
async function standing(page: Page): Promise<void> {
  await page.locator(".monaco-workbench .part.statusbar").waitFor();
  await page.locator(".monaco-workbench .part.activitybar .action-item").first().waitFor();
}

function actions(page: Page, settingsFile: string): Omit<Session, "page" | "folder" | "close" | "errors"> {
  const palette = async (text: string): Promise<Locator> => {
    const input = page.locator(".quick-input-widget input.input");
    await page.keyboard.press("F1");
    await input.waitFor();
    await input.fill(text);
    return page.locator(".quick-input-widget .monaco-list-row");
  };

  const command = async (title: string): Promise<void> => {
    const rows = await palette(`>${title}`);
    // An extension that was just found tells its commands a moment later than the workbench its own.
    await rows.filter({ hasText: title }).first().click();
    await page.locator(".quick-input-widget input.input").waitFor({ state: "hidden" }).catch(ignoreNextQuestion);
  };

  const set = async (settings: Readonly<Record<string, unknown>>): Promise<void> => {
    const current = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(settingsFile, "utf8")));
    // Renamed into place, so that the workbench never reads half a file.
    await writeFile(`${settingsFile}.new`, JSON.stringify({ ...current, ...settings }, null, 2));
    await rename(`${settingsFile}.new`, settingsFile);
  };

  return {
    command,
    set,
    async openFile(name) {
      const rows = await palette(name);
      await rows.filter({ hasText: name }).first().click();
      const editor = page.locator(".editor-instance", { has: page.locator(`[data-uri$="/${name}"]`) });
      await editor.locator(".view-line").first().waitFor();
      return editor;
    },
    async problems() {
      await command("Problems: Focus on Problems View");
      await page.locator(".markers-panel").waitFor();
      return page.locator(".markers-panel .monaco-list-row");
    },
    async experiments() {
      const container = page.locator(".part.sidebar", { hasText: "Experiments" });
      if (!(await container.isVisible())) await page.locator(".part.activitybar").getByRole("tab", { name: "Taskscope" }).click();
      await container.waitFor();
      return page.locator(".part.sidebar .monaco-list-row");
    },
    dashboard: () => page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame"),
    async setTheme(theme) {
      const shown = page.locator(`.monaco-workbench${themes[theme].mark}`);
      const deadline = Date.now() + patience;
      // The workbench may overlook a change that follows closely upon another one: say it again until it listens.
      do {
        await set({ "workbench.colorTheme": themes[theme].id });
        const seen = await shown.waitFor({ timeout: 3000 }).then(
          () => true,
          () => false,
        );
        if (seen) return;
      } while (Date.now() < deadline);
      throw new Error(`The workbench did not take over the theme "${themes[theme].id}".`);
    },
    async reload(editor) {
      await expect.poll(() => page.evaluate(storedStateHolds(editor)), { timeout: 60_000 }).toBe(true);
      await page.reload();
      await standing(page);
    },
    async picture(name) {
      const path = join(pictures, `${name}.png`);
      await page.screenshot({ path });
      return path;
    },
  };
}

/** Runs in the page: whether what the workbench keeps in the browser's databases speaks of a text. As text itself, for it is of the page's world. */
function storedStateHolds(text: string): string {
  return `(async () => {
    const settled = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const { name } of await indexedDB.databases()) {
      const database = await settled(indexedDB.open(name));
      try {
        for (const store of database.objectStoreNames) {
          const values = await settled(database.transaction(store).objectStore(store).getAll());
          if (values.some((value) => typeof value === "string" && value.includes(${JSON.stringify(text)}))) return true;
        }
      } finally {
        database.close();
      }
    }
    return false;
  })()`;
}

/** A command may ask on in the same box; what it asks is the test's business. */
function ignoreNextQuestion(): void {
  return undefined;
}

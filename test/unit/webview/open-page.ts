import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import type { PanelState, View } from "../../../src/editor/protocol.ts";
import { hostThemes, type ThemeName } from "../../webview/harness/themes.ts";

/** The dashboard page outside of the workbench: its own bundle, a host in the page, and the strictest policy it promises. */

const origin = "http://dashboard.test";
const nonce = "bm90LWEtc2VjcmV0";
const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${origin} 'nonce-${nonce}'; font-src ${origin}; img-src ${origin} data:`;

export interface Wanted {
  readonly scenario: string;
  readonly view: View;
  readonly theme: ThemeName;
  readonly width: number;
  readonly height?: number;
  /** Further memory of the page. */
  readonly memory?: PanelState["page"];
  /** A script that puts real runs in place of made-up ones. */
  readonly before?: string;
  /** Texts in another language, by the English ones. */
  readonly strings?: Readonly<Record<string, string>>;
}

export interface Opened {
  readonly page: Page;
  /** Errors and refused policies, as the browser reports them. */
  readonly complaints: string[];
}

type Files = ReadonlyMap<string, { readonly body: Buffer; readonly type: string }>;

/** Bundles page and host as the product does. */
export async function bundlePage(): Promise<Files> {
  const root = new URL("../../../", import.meta.url).pathname;
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { webview: "webview-ui/main.tsx", host: "test/webview/harness/fake-host.ts" },
    outdir: "/bundle",
    bundle: true,
    write: false,
    format: "iife",
    target: "es2023",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".ttf": "file" },
    assetNames: "[name]",
    logLevel: "silent",
  });
  const types: Readonly<Record<string, string>> = { js: "text/javascript", css: "text/css", ttf: "font/ttf" };
  return new Map(
    outputFiles.map(({ path, contents }) => [
      path.replace("/bundle", ""),
      { body: Buffer.from(contents), type: types[path.split(".").at(-1) ?? ""] ?? "" },
    ]),
  );
}

/** Opens the page on a scenario and waits until it stands; points come after. */
export async function openPage(
  browser: Browser,
  files: Files,
  { scenario, view, theme, width, height = 860, memory = {}, before = "", strings = {} }: Wanted,
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: "reduce", locale: "en-GB" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.route(`${origin}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const file = files.get(pathname);
    if (pathname === "/") await route.fulfill({ body: html(theme, before, strings), contentType: "text/html" });
    else if (file) await route.fulfill({ body: file.body, contentType: file.type });
    else await route.fulfill({ status: 404 });
  });
  const state: PanelState = { experimentFile: "", run: null, view, page: memory };
  await page.goto(`${origin}/#/${scenario}/${encodeURIComponent(JSON.stringify(state))}`);
  await page.waitForSelector("main [role=tabpanel] > *");
  return { page, complaints };
}

function html(theme: ThemeName, before: string, strings: Readonly<Record<string, string>>): string {
  const { classes, tokens } = hostThemes[theme];
  const declarations = Object.entries(tokens)
    .map(([token, value]) => `--vscode-${token}: ${value};`)
    .join(" ");
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Dashboard</title>
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="stylesheet" href="${origin}/webview.css">
<style nonce="${nonce}">:root { ${declarations} --vscode-font-family: "DejaVu Sans", sans-serif; --vscode-editor-font-family: "DejaVu Sans Mono", monospace; }</style></head>
<body class="${classes}"><div id="app" data-strings="${JSON.stringify(strings).replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"></div>
<script nonce="${nonce}">${before}</script>
<script nonce="${nonce}" src="${origin}/host.js"></script>
<script nonce="${nonce}" src="${origin}/webview.js"></script></body></html>`;
}

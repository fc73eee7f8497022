import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { execa } from "execa";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { z } from "zod";
import { cacheFolder } from "./fetch.ts";

const installedBrowsers = [
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

const launchArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--font-render-hinting=none",
  "--force-color-profile=srgb",
];

/** Sans and monospaced are what the workbench asks for; more would only be taken by mistake. */
const fonts = [
  "DejaVuSans.ttf",
  "DejaVuSans-Bold.ttf",
  "DejaVuSans-Oblique.ttf",
  "DejaVuSansMono.ttf",
  "DejaVuSansMono-Bold.ttf",
  "DejaVuSansMono-Oblique.ttf",
];

/** Counts up when the unpacking below changes, so that older results are not taken for it. */
const preparation = 1;

const packageShape = z.object({ version: z.string() });
const require = createRequire(import.meta.url);

/** Starts an installed Chrome or Chromium (`TASKSCOPE_BROWSER` names another one), else the one from the npm package. */
export async function launchBrowser(): Promise<Browser> {
  const installed = process.env["TASKSCOPE_BROWSER"] ?? installedBrowsers.find((path) => existsSync(path));
  if (installed !== undefined) return chromium.launch({ executablePath: installed, args: launchArguments });
  const folder = await unpackedBrowser();
  return chromium.launch({
    executablePath: join(folder, "chromium"),
    args: launchArguments,
    // The package brings the libraries and this repository the fonts that a bare machine lacks.
    env: definedOnly({ ...process.env, LD_LIBRARY_PATH: join(folder, "al2023/lib"), FONTCONFIG_PATH: join(folder, "fonts") }),
  });
}

/** Unpacks the packaged browser once, into a folder that gets its final name only when whole. */
async function unpackedBrowser(): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("No Chrome or Chromium was found. Install one, or name its program in TASKSCOPE_BROWSER.");
  }
  const { version } = packageShape.parse(require(join(packageFolder("@sparticuz/chromium"), "package.json")));
  const folder = join(cacheFolder, `chromium-${version}-${String(preparation)}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  const work = await mkdtemp(join(cacheFolder, "unpacking-"));
  try {
    // The package unpacks into the temporary folder, its libraries only where it takes the machine for a bare one.
    const script = `const { default: chromium } = await import("@sparticuz/chromium"); await chromium.executablePath();`;
    await execa(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: import.meta.dirname,
      env: { TMPDIR: work, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" },
    });
    await rm(join(work, "fonts"), { recursive: true });
    await mkdir(join(work, "fonts"));
    const source = join(packageFolder("dejavu-fonts-ttf"), "ttf");
    await Promise.all(fonts.map(async (name) => copyFile(join(source, name), join(work, "fonts", name))));
    await writeFile(join(work, "fonts/fonts.conf"), fontConfiguration(join(folder, "fonts")));
    await rename(work, folder).catch((error: unknown) => {
      // Another process was faster; its folder is as good.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await removeOlder(folder);
  return folder;
}

async function removeOlder(current: string): Promise<void> {
  const names = await readdir(cacheFolder);
  const older = names.filter((name) => name.startsWith("chromium-")).map((name) => join(cacheFolder, name));
  await Promise.all(older.filter((path) => path !== current).map(async (path) => rm(path, { recursive: true, force: true })));
}

function fontConfiguration(folder: string): string {
  const family = (generic: string, font: string): string =>
    `<match target="pattern"><test name="family"><string>${generic}</string></test><edit name="family" mode="assign" binding="strong"><string>${font}</string></edit></match>`;
  return [
    `<?xml version="1.0"?>`,
    `<!DOCTYPE fontconfig SYSTEM "fonts.dtd">`,
    `<fontconfig>`,
    `<dir>${folder}</dir>`,
    `<cachedir>${join(folder, "cache")}</cachedir>`,
    family("sans-serif", "DejaVu Sans"),
    family("system-ui", "DejaVu Sans"),
    family("monospace", "DejaVu Sans Mono"),
    `</fontconfig>`,
    "",
  ].join("\n");
}

/** Folder of an installed package, whatever its `exports` say. */
function packageFolder(name: string): string {
  const found = (require.resolve.paths(name) ?? [])
    .map((folder) => join(folder, name))
    .find((folder) => existsSync(join(folder, "package.json")));
  if (found === undefined) throw new Error(`The package ${name} is not installed. Run npm ci.`);
  return found;
}

function definedOnly(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

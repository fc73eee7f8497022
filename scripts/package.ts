// `npm run package`: builds the extension for release and packs it into taskscope-<version>.vsix.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const limitMegabytes = 6;

const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
const file = join(root, `taskscope-${version}.vsix`);
rmSync(file, { force: true });

// vsce builds for release itself (vscode:prepublish); the source maps of another build stay behind (.vscodeignore).
const vsce = [
  "node_modules/@vscode/vsce/vsce",
  "package",
  "--no-dependencies",
  "--allow-missing-repository",
  "--no-rewrite-relative-links",
  "--out",
  file,
];
const { status } = spawnSync(process.execPath, vsce, { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const megabytes = statSync(file).size / 1e6;
console.log(`${file}: ${megabytes.toFixed(2)} MB`);
if (megabytes > limitMegabytes) {
  console.error(`The package must not be larger than ${String(limitMegabytes)} MB.`);
  process.exitCode = 1;
}

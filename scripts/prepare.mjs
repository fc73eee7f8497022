// Runs at the end of `npm ci` and `npm install`: what is made from installed packages and from the sources, so that
// `npx taskscope` works at once.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const node = join(root, "node_modules/.bin/node");

for (const step of ["scripts/prepare-examples.mjs", "esbuild.mjs"]) {
  if (!existsSync(join(root, step))) {
    console.log(`prepare: ${step} is not there yet, skipped`);
    continue;
  }
  const { status } = spawnSync(node, [step], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

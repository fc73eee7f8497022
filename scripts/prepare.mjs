// Runs at the end of `npm ci` and `npm install`: makes the example data and builds the programs, so that
// `npx taskscope` works at once. Plain JavaScript: npm may run it with an older Node than the sources ask for.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

for (const step of ["scripts/prepare-examples.mjs", "esbuild.mjs"]) {
  const { status } = spawnSync("node", [step], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

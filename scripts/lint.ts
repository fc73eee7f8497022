// Everything that a program can say about the sources: `npm run lint`. Goes on after a failure, so one look shows all.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const checks: [name: string, ...command: string[]][] = [
  ["eslint", "node_modules/eslint/bin/eslint.js", ".", "--max-warnings", "0"],
  [
    "import directions",
    "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
    "--config",
    ".dependency-cruiser.cjs",
    "src",
    "webview-ui",
  ],
  ["unused files, exports and packages", "node_modules/knip/bin/knip.js", "--no-progress"],
  ["format (npm run format repairs it)", "node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."],
];

for (const [name, ...command] of checks) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" });
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name}`);
  if (status !== 0) process.exitCode = 1;
}

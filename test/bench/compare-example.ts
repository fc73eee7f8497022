/**
 * Trains the Multi-MNIST example headless with its own length in two checkouts, in turns, and compares training time and accuracy on the test rows:
 *
 *   node test/bench/compare-example.ts --before FOLDER --after FOLDER [--seeds 0,1,2,3,4] [--backend native] [--save FILE]
 *
 * Both checkouts need `npm ci` and `node esbuild.mjs`, and `npm run native` for `--backend native`. Each run has a workspace of its own.
 * A JSON line for each run on stdout as soon as it ended, and the comparison on stderr.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { listOption, option } from "./command-line.ts";
import { machine } from "./engine/machine.ts";
import { compare, comparisonText, type ExampleRun } from "./example/comparison.ts";
import { save } from "./saved.ts";

const argv = process.argv.slice(2);
const backend = option(argv, "backend") ?? "native";
const checkouts = { before: checkout("before"), after: checkout("after") };
const about = machine();
const runs: ExampleRun[] = [];
for (const seed of listOption(argv, "seeds", ["0", "1", "2", "3", "4"]).map(Number)) {
  for (const which of ["before", "after"] as const) {
    const run = train(which, checkouts[which], seed);
    runs.push(run);
    process.stdout.write(`${JSON.stringify(run)}\n`);
  }
}
const comparison = compare(runs);
process.stderr.write(`${comparisonText(comparison)}\n`);
const file = option(argv, "save");
if (file !== undefined) {
  const commits = { before: commitOf(checkouts.before), after: commitOf(checkouts.after) };
  save(file, { benchmark: "example", at: new Date().toISOString(), machine: about, backend, commits }, runs);
}

function checkout(which: "before" | "after"): string {
  const folder = option(argv, which);
  if (folder === undefined) throw new Error(`--${which} FOLDER names a checkout of Taskscope.`);
  const program = join(resolve(folder), "dist/cli.cjs");
  if (!existsSync(program)) throw new Error(`--${which}: ${program} is not built. Run "npm ci" and "node esbuild.mjs" there.`);
  if (!existsSync(join(folder, "examples/data")))
    throw new Error(`--${which}: there is no data. Run "node scripts/prepare-examples.mjs" there.`);
  return resolve(folder);
}

function train(which: "before" | "after", folder: string, seed: number): ExampleRun {
  const workspace = mkdtempSync(join(tmpdir(), "taskscope-example-"));
  try {
    cpSync(join(folder, "examples"), workspace, { recursive: true });
    mkdirSync(join(workspace, ".taskscope"));
    // Where a run looks for the native backend first.
    symlinkSync(join(folder, "node_modules"), join(workspace, "node_modules"));
    const args = ["run", "multi-mnist.mtl.yaml", "--seed", String(seed), "--backend", backend, "--json"];
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, "dist/cli.cjs"), ...args], {
      cwd: workspace,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`The run with seed ${seed} in ${folder} failed:\n${stderr}`);
    return { which, seed, ...resultOf(stdout), loadavg1: Number((loadavg()[0] ?? 0).toFixed(2)) };
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

/** Of what `taskscope run --json` prints at the end. */
function resultOf(stdout: string): Pick<ExampleRun, "seconds" | "accuracy"> {
  const { status, seconds, metrics } = JSON.parse(stdout) as {
    readonly status: string;
    readonly seconds: number;
    readonly metrics: { readonly test: Readonly<Record<string, { readonly accuracy: number }>> };
  };
  if (status !== "completed") throw new Error(`A run ended as "${status}".`);
  return { seconds, accuracy: Object.fromEntries(Object.entries(metrics.test).map(([task, { accuracy }]) => [task, accuracy])) };
}

function commitOf(folder: string): string {
  const { stdout, status } = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`${folder} is no checkout of git.`);
  return stdout.trim();
}

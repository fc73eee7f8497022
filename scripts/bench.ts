// `npm run bench`: every test/bench/*.bench.ts, tables on the terminal, JSON in test-results/bench.json and at the end.
// `npm run bench -- activation training` runs only those named. Options after the names are handed on: `npm run bench -- engine --problems A`.
// `--json` prints what the benchmarks print, a JSON line for each case as soon as it is measured, and nothing else on stdout.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "..");
const all = readdirSync(join(root, "test/bench"))
  .filter((name) => name.endsWith(".bench.ts"))
  .map((name) => basename(name, ".bench.ts"));
const argv = process.argv.slice(2);
const firstOption = argv.findIndex((argument) => argument.startsWith("--"));
const wanted = firstOption < 0 ? argv : argv.slice(0, firstOption);
const options = argv.slice(wanted.length).filter((argument) => argument !== "--json");
const asLines = argv.includes("--json");
if (options.length > 0 && wanted.length !== 1)
  refuse(`${options.join(" ")}: name the one benchmark that these options are for, before them.`);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) refuse(`No benchmark is called ${unknown.join(", ")}. There are: ${all.join(", ")}.`);

if (spawnSync(process.execPath, ["esbuild.mjs"], { cwd: root, stdio: ["ignore", 2, 2] }).status !== 0) process.exit(1);

const results: unknown[] = [];
for (const name of all.filter((each) => wanted.length === 0 || wanted.includes(each))) {
  console.error(`\n── ${name} ──`);
  const { status, stdout } = await run([`test/bench/${name}.bench.ts`, ...options]);
  // Wrong usage was told already.
  if (status === 2) process.exit(2);
  if (status === 0 && !options.includes("--help")) results.push(...parsed(stdout));
  else if (status === 0) process.stdout.write(asLines ? "" : stdout);
  else {
    console.error(`The benchmark ${name} failed.`);
    process.exitCode = 1;
  }
}

const [processor] = cpus();
const report = {
  at: new Date().toISOString(),
  machine: {
    processor: processor?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
  results,
};
mkdirSync(join(root, "test-results"), { recursive: true });
writeFileSync(join(root, "test-results/bench.json"), JSON.stringify(report, null, 2));
if (!asLines) console.log(JSON.stringify(report));

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

/** Runs to its end, however long; with `--json` its lines are passed on as they come. */
async function run(args: readonly string[]): Promise<{ readonly status: number | null; readonly stdout: string }> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (asLines) process.stdout.write(chunk);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("close", resolve);
    child.on("error", reject);
  });
  return { status, stdout: Buffer.concat(chunks).toString("utf8") };
}

/** One JSON value, or a line for each case. */
function parsed(stdout: string): readonly unknown[] {
  const lines = stdout.trim().split("\n");
  if (!lines.every((line) => line.startsWith("{") && line.endsWith("}"))) return [JSON.parse(stdout)];
  return lines.map((line): unknown => JSON.parse(line));
}

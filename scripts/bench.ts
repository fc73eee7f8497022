// `npm run bench`: every test/bench/*.bench.ts, tables on the terminal, JSON in test-results/bench.json and at the end.
// `npm run bench -- activation training` runs only those named.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "..");
const all = readdirSync(join(root, "test/bench"))
  .filter((name) => name.endsWith(".bench.ts"))
  .map((name) => basename(name, ".bench.ts"));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`No benchmark is called ${unknown.join(", ")}. There are: ${all.join(", ")}.`);

if (spawnSync(process.execPath, ["esbuild.mjs"], { cwd: root, stdio: "inherit" }).status !== 0) process.exit(1);

const results: unknown[] = [];
for (const name of all.filter((each) => wanted.length === 0 || wanted.includes(each))) {
  console.error(`\n── ${name} ──`);
  const { status, stdout } = spawnSync(process.execPath, [`test/bench/${name}.bench.ts`], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  if (status === 0) results.push(JSON.parse(stdout) as unknown);
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
console.log(JSON.stringify(report));

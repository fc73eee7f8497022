// `npm test`: every suite, one after the other, also after a failure; the last line sums up what their result files say.
// `npm test -- unit e2e` runs only those named.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { endGroup, ownGroup } from "./workbench/processes.ts";

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** Not run: what they need is not here. */
  readonly skipped?: number;
}

interface Suite {
  readonly name: string;
  /** Arguments of node, command after command. */
  readonly commands: readonly (readonly string[])[];
  /** The file the suite itself writes; a check without one counts as one, by its exit code. */
  readonly read?: (file: string) => Promise<Count>;
  readonly minutes: number;
}

const root = join(import.meta.dirname, "..");
const results = join(root, "test-results");

const vitest = (name: string, ...more: string[]): string[] => [
  "node_modules/vitest/vitest.mjs",
  "run",
  ...more,
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=test-results/${name}.json`,
];

const suites: readonly Suite[] = [
  { name: "lint", commands: [["scripts/lint.ts"]], minutes: 10 },
  {
    name: "typecheck",
    commands: [
      ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "."],
      ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "webview-ui"],
      ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "test/e2e"],
    ],
    minutes: 10,
  },
  { name: "unit", commands: [vitest("unit")], read: readVitest, minutes: 20 },
  { name: "integration", commands: [["test/integration/runner.ts"]], read: readIntegration, minutes: 10 },
  { name: "e2e", commands: [vitest("e2e", "--config", "test/e2e/vitest.config.ts")], read: readVitest, minutes: 20 },
];

const vitestShape = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

async function readVitest(file: string): Promise<Count> {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = vitestShape.parse(JSON.parse(await readFile(file, "utf8")));
  // A file that could not even be loaded has no failed test in it, and is a failure all the same.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((each) => each.status !== "failed"),
  );
  return { passed: numPassedTests, failed: numFailedTests + unloaded.length, skipped: numPendingTests };
}

async function readIntegration(file: string): Promise<Count> {
  return z.object({ passed: z.number(), failed: z.number() }).parse(JSON.parse(await readFile(file, "utf8")));
}

async function run(suite: Suite): Promise<Count> {
  const file = join(results, `${suite.name}.json`);
  await rm(file, { force: true });
  let ended = true;
  for (const command of suite.commands) ended = (await runCommand(command, suite.minutes)) && ended;
  if (suite.read === undefined) return ended ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  if (!existsSync(file)) {
    console.error(`${suite.name}: ended without its result file ${file}.`);
    return { passed: 0, failed: 1 };
  }
  const count = await suite.read(file);
  if (count.passed + count.failed === 0) {
    console.error(`${suite.name}: ran no test.`);
    return { passed: 0, failed: 1 };
  }
  if (!ended && count.failed === 0) {
    console.error(`${suite.name}: its tests passed, but it ended with an error.`);
    return { ...count, failed: 1 };
  }
  return count;
}

/** True when the command ended in time and with code 0. */
async function runCommand(command: readonly string[], minutes: number): Promise<boolean> {
  const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "inherit", "inherit"], detached: true });
  ownGroup(child, "SIGTERM");
  const late = setTimeout(() => {
    console.error(`${command.join(" ")} did not end within ${String(minutes)} minutes.`);
    void endGroup(child);
  }, minutes * 60_000);
  try {
    await once(child, "exit");
  } finally {
    clearTimeout(late);
  }
  await endGroup(child);
  return child.exitCode === 0;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0)
  throw new Error(`No suite is called ${unknown.join(", ")}. There are: ${suites.map(({ name }) => name).join(", ")}.`);

await mkdir(results, { recursive: true });
const counts: [name: string, count: Count][] = [];
if (!(await runCommand(["esbuild.mjs"], 5))) counts.push(["build", { passed: 0, failed: 1 }]);
for (const suite of suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n── ${suite.name} ──`);
  counts.push([suite.name, await run(suite)]);
}

console.log("");
for (const [name, count] of counts) console.log(`${name.padEnd(12)} ${told(count)}`);
const sum = counts.reduce<Required<Count>>(
  (total, [, { passed, failed, skipped = 0 }]) => ({
    passed: total.passed + passed,
    failed: total.failed + failed,
    skipped: total.skipped + skipped,
  }),
  { passed: 0, failed: 0, skipped: 0 },
);
if (sum.skipped > 0 && !existsSync(join(root, "node_modules/@tensorflow/tfjs-node"))) {
  console.log(`There is no native backend here, so its tests were not run; "npm run native" makes it.`);
}
if (sum.skipped > 0) console.log(`${String(sum.skipped)} skipped`);
// Whoever runs this reads the last line: nothing else may be on it.
console.log(told({ passed: sum.passed, failed: sum.failed }));
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;

function told({ passed, failed, skipped = 0 }: Count): string {
  return `${String(passed)} passed, ${String(failed)} failed${skipped === 0 ? "" : `, ${String(skipped)} skipped`}`;
}

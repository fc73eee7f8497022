import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Mocha from "mocha";

/** Called by the extension host. Writes the numbers to a file: the host's own word on success cannot be trusted when it dies. */
export async function run(): Promise<void> {
  const resultFile = process.env["TASKSCOPE_TEST_RESULTS"];
  if (resultFile === undefined) throw new Error("TASKSCOPE_TEST_RESULTS does not name a file.");
  // Mocha is an ES module; required from CommonJS it would look different from one version of Node to the next.
  const { default: Runner } = await import("mocha");
  const mocha = new Runner({ ui: "tdd", timeout: 60_000, color: false });
  for (const file of globSync("**/*.test.cjs", { cwd: __dirname })) mocha.addFile(join(__dirname, file));
  const passes: string[] = [];
  const failed: { title: string; message: string }[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on("pass", (test) => passes.push(test.fullTitle()));
    runner.on("fail", (test: Mocha.Runnable, error: unknown) => {
      failed.push({ title: test.fullTitle(), message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    });
    runner.once("end", () => {
      writeFileSync(resultFile, JSON.stringify({ passed: passes.length, failed: failed.length, passes, failures: failed }, null, 2));
    });
  });
  if (failures > 0) throw new Error(`${String(failures)} integration tests failed.`);
}

// Runs the integration suite inside a real extension host: in the desktop VS Code where there is one, else in the web workbench.
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { runTests } from "@vscode/test-electron";
import { build } from "esbuild";
import { z } from "zod";
import { desktopVsCode } from "../../scripts/workbench/desktop.ts";
import { endRuns, endRunsAtExit } from "../../scripts/workbench/end-runs.ts";

const root = join(import.meta.dirname, "../..");
const compiled = join(root, "out/integration");
const resultFile = join(root, "test-results/integration.json");
const logFile = join(root, "test-results/integration.log");
const resultShape = z.object({
  passed: z.number(),
  failed: z.number(),
  passes: z.array(z.string()),
  failures: z.array(z.object({ title: z.string(), message: z.string() })),
});

await rm(compiled, { recursive: true, force: true });
await rm(resultFile, { force: true });
await mkdir(dirname(resultFile), { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["test/integration/suite/index.ts", "test/integration/suite/**/*.test.ts"],
  outbase: "test/integration/suite",
  outdir: compiled,
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22.13",
  sourcemap: "inline",
  external: ["vscode", "mocha", "@tensorflow/*"],
  logLevel: "warning",
});

// The suite works on copies: runs and edits must not reach the repository.
const folder = await mkdtemp(join(tmpdir(), "taskscope-integration-"));
const calm = endRunsAtExit(folder);
try {
  await cp(join(root, "examples"), folder, { recursive: true, filter: (path) => !path.includes(".taskscope") });
  await runTests({
    vscodeExecutablePath: desktopVsCode() ?? join(root, "scripts/workbench/stand-in.ts"),
    extensionDevelopmentPath: root,
    extensionTestsPath: join(compiled, "index.cjs"),
    launchArgs: [folder, "--disable-extensions"],
    extensionTestsEnv: {
      TASKSCOPE_TEST_RESULTS: resultFile,
      TASKSCOPE_TEST_LOG: logFile,
      TASKSCOPE_TEST_FOLDER: folder,
      // Programs that start with "env node" are to find this one.
      PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
    },
  });
} catch (error) {
  process.exitCode = 1;
  console.error(`The test host ended badly (its log: ${logFile}): ${error instanceof Error ? error.message : String(error)}`);
} finally {
  await endRuns(folder);
  calm();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

if (existsSync(resultFile)) {
  const { passed, failed, passes, failures } = resultShape.parse(JSON.parse(await readFile(resultFile, "utf8")));
  for (const title of passes) console.log(`  ok     ${title}`);
  for (const { title, message } of failures) console.log(`  FAILED ${title}\n${message.replaceAll(/^/gm, "         ")}`);
  console.log(`integration: ${String(passed)} passed, ${String(failed)} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
} else {
  console.error(`The test host wrote no results; its log is ${logFile}.`);
  process.exitCode = 1;
}

/**
 * Time from asking a real extension host for Taskscope to its being active, in milliseconds by the clock, and of the processor,
 * which a busy machine disturbs less; each time in a new host.
 * JSON on stdout, a table on stderr. The figure to hold: 100 ms.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTests } from "@vscode/test-electron";
import { build } from "esbuild";
import { z } from "zod";
import { desktopVsCode } from "../../scripts/workbench/desktop.ts";

const root = join(import.meta.dirname, "../..");
const module = join(root, "out/bench/activate.cjs");
const resultShape = z.object({ milliseconds: z.number(), processorMilliseconds: z.number() });
const hosts = 5;

await build({
  absWorkingDir: root,
  entryPoints: ["test/bench/host/activate.ts"],
  outfile: module,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22.13",
  external: ["vscode"],
  logLevel: "warning",
});

const samples: z.infer<typeof resultShape>[] = [];
for (let host = 0; host < hosts; host++) samples.push(await activateOnce());
const clock = median(samples.map(({ milliseconds }) => milliseconds));
const processor = median(samples.map(({ processorMilliseconds }) => processorMilliseconds));
process.stderr.write(
  `activation of the extension: ${clock.toFixed(1)} ms by the clock, ${processor.toFixed(1)} ms of the processor (medians of ${String(hosts)} hosts)\n`,
);
process.stdout.write(`${JSON.stringify({ benchmark: "activation", milliseconds: clock, processorMilliseconds: processor, samples })}\n`);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function activateOnce(): Promise<z.infer<typeof resultShape>> {
  // A folder without experiments: nothing activates Taskscope before it is asked for.
  const folder = await mkdtemp(join(tmpdir(), "taskscope-activation-"));
  const file = join(folder, "activation.json");
  const print = console.log.bind(console);
  try {
    // runTests tells its exit code on stdout, where only JSON belongs.
    console.log = console.error;
    await runTests({
      vscodeExecutablePath: desktopVsCode() ?? join(root, "scripts/workbench/stand-in.ts"),
      extensionDevelopmentPath: root,
      extensionTestsPath: module,
      launchArgs: [folder, "--disable-extensions"],
      extensionTestsEnv: { TASKSCOPE_ACTIVATION_FILE: file, TASKSCOPE_TEST_LOG: join(folder, "host.log") },
    });
    return resultShape.parse(JSON.parse(await readFile(file, "utf8")));
  } finally {
    console.log = print;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

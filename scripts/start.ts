// `npm start`: trains the Multi-MNIST example in this terminal and shows it in VS Code; `npm start -- --headless` only trains.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { desktopVsCode, programsOnPath } from "./workbench/desktop.ts";
import type { Workbench } from "./workbench/server.ts";

const root = join(import.meta.dirname, "..");
const experiment = join(root, "examples/multi-mnist.mtl.yaml");
const { headless } = parseArgs({ options: { headless: { type: "boolean", default: false } } }).values;

await finished(runNode("esbuild.mjs"), "The build failed.");
if (!existsSync(join(root, "examples/data")))
  await finished(runNode("scripts/prepare-examples.mjs"), "The example data could not be prepared.");

const training = runNode("dist/cli.cjs", "run", experiment);
const trained = once(training, "exit");

// Ctrl-C reaches the training by itself, which then finishes its step and writes a checkpoint: wait for that.
const ending = new AbortController();
process.on("SIGINT", () => ending.abort());
process.on("SIGTERM", () => {
  training.kill("SIGTERM");
  ending.abort();
});

let workbench: Workbench | undefined;
try {
  // The editor is fetched and opened while the network already trains.
  if (!headless) workbench = await openEditor();
  await trained;
  if (workbench !== undefined && !ending.signal.aborted) {
    say(`Taskscope is open at ${workbench.url}\nCtrl-C ends it.`);
    await once(ending.signal, "abort");
  }
} finally {
  await workbench?.stop();
}
process.exit(ending.signal.aborted ? 130 : (training.exitCode ?? 1));

/** Opens the desktop VS Code where there is one; else answers the web workbench. Training goes on when neither can be had. */
async function openEditor(): Promise<Workbench | undefined> {
  const desktop = desktopCommand();
  if (desktop !== undefined) {
    spawn(desktop, [`--extensionDevelopmentPath=${root}`, root, experiment], { stdio: "ignore", detached: true }).unref();
    return undefined;
  }
  try {
    const { startWorkbench } = await import("./workbench/server.ts");
    const opened = await startWorkbench({ extension: root, folder: root, file: experiment, trust: "all", say });
    say(`VS Code with Taskscope, in your browser: ${opened.url}`);
    return opened;
  } catch (error) {
    say(`VS Code could not be opened: ${error instanceof Error ? error.message : String(error)}\nThe training goes on without it.`);
    return undefined;
  }
}

/** `code` on the PATH, or an installed VS Code; nothing where there is no screen. */
function desktopCommand(): string | undefined {
  const installed = desktopVsCode();
  if (installed === undefined && process.platform === "linux") return undefined;
  return programsOnPath(process.env["PATH"] ?? "", process.platform).find((path) => existsSync(path)) ?? installed;
}

function runNode(...command: string[]): ChildProcess {
  return spawn(process.execPath, command, { cwd: root, stdio: "inherit" });
}

async function finished(child: ChildProcess, message: string): Promise<void> {
  await once(child, "exit");
  if (child.exitCode === 0) return;
  console.error(message);
  process.exit(child.exitCode ?? 1);
}

/** Clears the line of the progress bar, which draws itself again below. */
function say(message: string): void {
  process.stderr.write(`${process.stderr.isTTY ? "\r\u001b[K" : ""}${message}\n`);
}

import { mkdirSync, rmSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { ModuleRoom } from "../training/modules/open-module.ts";
import { tryOutModules } from "../training/modules/try-out.ts";
import { isTrialQuestion, type FromTrial, type TrialQuestion } from "./trial-messages.ts";
import { wasmBeside } from "./wasm-beside.ts";

/**
 * The process that tries the user's own code for a check: answers one question, then ends. It is a process of its own because the code may
 * never return, may end its process, or take all memory; the inspector ends it when it takes too long.
 *
 * @param keptFolder made for it alone
 * @param inspector the process that asks
 */
export async function tryModules(entry: string, keptFolder: string, inspector: number): Promise<void> {
  // While it runs, the user's code is refused the end of the process.
  const exit = process.exit.bind(process);
  endWithInspector(inspector, keptFolder, () => exit(0));
  const question = await new Promise<TrialQuestion>((resolve) => {
    process.once("message", (message: unknown) => {
      if (isTrialQuestion(message)) resolve(message);
    });
  });
  const { experiment, baseFolder, shape } = question;
  try {
    const room: ModuleRoom = {
      baseFolder,
      keptFolder,
      resumed: false,
      began: (part, what) => tell({ kind: "began", part, what }),
      running: (paths) => tell({ kind: "files", paths }),
    };
    await tryOutModules(
      { experiment, shape, room, backend: wasmBeside(entry) },
      {
        data: (rows, found) => tell({ kind: "data", rows, shape: found }),
        network: (shares) => tell({ kind: "network", shares }),
        problem: (problem) => tell({ kind: "problem", problem }),
      },
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
  // What the code has left open must not keep the process alive; what it told must have gone before.
  process.send?.({ kind: "done" } satisfies FromTrial, () => process.exit(0));
}

/**
 * Makes the folder, and ends this process, with the folder, when the inspector is gone, also in the middle of an endless loop: nobody else
 * would. A thread of its own looks, for this one may be busy.
 */
function endWithInspector(parent: number, keptFolder: string, exit: () => void): void {
  const end = (): void => {
    rmSync(keptFolder, { recursive: true, force: true });
    exit();
  };
  process.on("disconnect", end);
  // It may have gone while this program was loaded: that is not told a second time.
  if (!process.connected) end();
  mkdirSync(keptFolder, { mode: 0o700 });
  const watch = `
    const { rmSync } = require("node:fs");
    const { workerData: { parent, keptFolder } } = require("node:worker_threads");
    const isThere = () => {
      try {
        return process.ppid === parent && process.kill(parent, 0);
      } catch {
        return false;
      }
    };
    setInterval(() => {
      if (isThere()) return;
      rmSync(keptFolder, { recursive: true, force: true });
      process.kill(process.pid, "SIGKILL");
    }, 500);`;
  new Worker(watch, { eval: true, workerData: { parent, keptFolder } }).unref();
}

function tell(message: FromTrial): void {
  process.send?.(message);
}

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { runFiles } from "../contract.ts";
import { noteStarted, noteStartFailed } from "../store/outside-writes.ts";
import { endedIdentity, identityOf } from "./process-identity.ts";

export interface TrainerProgram {
  /** The trainer's program: `dist/trainer.cjs`. */
  readonly entry: string;
  /** Node, or VS Code's own executable. */
  readonly execPath: string;
}

/** Thrown when the trainer's process could not be made; the run then says so too. */
export class TrainerStartError extends Error {
  override readonly name = "TrainerStartError";
}

/**
 * Starts the one trainer process of a queued run. It has its own process group and session, writes to `trainer.log`, and
 * outlives whoever started it. Resolves once the process is there. Throws `TrainerStartError`, `RunStoreError`.
 */
export async function startTrainer(folder: string, { entry, execPath }: TrainerProgram): Promise<{ readonly pid: number }> {
  const log = openSync(join(folder, runFiles.log), "a");
  try {
    const child = spawn(execPath, [entry, folder], {
      detached: true,
      stdio: ["ignore", log, log],
      windowsHide: true,
      cwd: folder,
      env: { ...ownEnvironment(), ELECTRON_RUN_AS_NODE: "1" },
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () => {
        if (child.pid === undefined) reject(new Error("it has no process id"));
        else resolve(child.pid);
      });
    });
    child.unref();
    noteStarted(folder, identityOf(pid) ?? endedIdentity(pid));
    return { pid };
  } catch (error) {
    const message = `The trainer could not be started with ${execPath}: ${error instanceof Error ? error.message : String(error)}.`;
    noteStartFailed(folder, message);
    throw new TrainerStartError(message, { cause: error });
  } finally {
    closeSync(log);
  }
}

/** Without what an editor's extension host passes to its own children. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VSCODE_") && name !== "NODE_OPTIONS"));
}

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { type ProcessIdentity, runFiles } from "../contract.ts";
import { noteStarted, noteStartFailed } from "../store/outside-writes.ts";
import { isLocked } from "../store/patience.ts";
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
 * Starts the one trainer process of a queued run, from a checkpoint where one is given by its step. It has its own process group and session, writes to `trainer.log`, and
 * outlives whoever started it. Resolves once the process is there. Throws `TrainerStartError`, `RunStoreError`.
 */
export async function startTrainer(folder: string, program: TrainerProgram, resumeAt?: number): Promise<{ readonly pid: number }> {
  const log = openSync(join(folder, runFiles.log), "a");
  try {
    const pid = await spawnTrainer(folder, program, log, resumeAt);
    await tellStarted(folder, identityOf(pid) ?? endedIdentity(pid));
    return { pid };
  } finally {
    closeSync(log);
  }
}

async function spawnTrainer(folder: string, { entry, execPath }: TrainerProgram, log: number, resumeAt?: number): Promise<number> {
  try {
    const child = spawn(execPath, [entry, folder, ...(resumeAt === undefined ? [] : [String(resumeAt)])], {
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
    return pid;
  } catch (error) {
    const message = `The trainer could not be started with ${execPath}: ${error instanceof Error ? error.message : String(error)}.`;
    await noteStartFailed(folder, message);
    throw new TrainerStartError(message, { cause: error });
  }
}

/** The process lives, whatever becomes of the note: where the store stays locked, the trainer waits longer, and says it itself. */
async function tellStarted(folder: string, owner: ProcessIdentity): Promise<void> {
  try {
    await noteStarted(folder, owner);
  } catch (error) {
    if (!isLocked(error)) throw error;
  }
}

/** Without what an editor's extension host passes to its own children. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VSCODE_") && name !== "NODE_OPTIONS"));
}

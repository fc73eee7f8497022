import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

/** Processes started here and their children: each leads a process group of its own, so that all of it can be ended by id. */
const groups = new Set<number>();

let watching = false;

/**
 * Keeps a process that was spawned with `detached: true` so that its whole group ends with this one, whatever happens.
 * Answers its id.
 */
export function ownGroup(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("The process could not be started.");
  groups.add(child.pid);
  if (!watching) {
    watching = true;
    process.on("exit", () => {
      for (const group of groups) signalGroup(group, "SIGKILL");
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => process.exit(signal === "SIGINT" ? 130 : 143));
    }
  }
  return child.pid;
}

/** Ends a process and its group: asks first, and after two seconds insists. */
export async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const group = child.pid;
  const gone = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, "exit");
  signalGroup(group, "SIGTERM");
  await Promise.race([gone, pause(2000, undefined, { ref: false })]);
  // The leader may be gone while its children linger.
  signalGroup(group, "SIGKILL");
  await gone;
  groups.delete(group);
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM")) return;
    throw error;
  }
}

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

/** Processes started here, by the id of the group each leads, and the signal that ends the group when this process ends. */
const groups = new Map<number, "SIGTERM" | "SIGKILL">();

let watching = false;

/**
 * Keeps a process that was spawned with `detached: true`, so that its whole group ends with this one, whatever happens.
 * `SIGTERM` for those that have groups of their own to end, `SIGKILL` for the others.
 */
export function ownGroup(child: ChildProcess, atExit: "SIGTERM" | "SIGKILL"): void {
  // A start that failed is told by the child's "error" event.
  if (child.pid === undefined) return;
  groups.set(child.pid, atExit);
  if (!watching) {
    watching = true;
    process.on("exit", () => {
      for (const [group, signal] of groups) signalGroup(group, signal);
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      // Whoever ends in order by itself has said so before.
      if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(signal === "SIGINT" ? 130 : 143));
    }
  }
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

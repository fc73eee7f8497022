import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { ProcessIdentity } from "../contract.ts";
import { ownPlace } from "./place.ts";
import type { Liveness } from "./status.ts";

/**
 * Identity of a process that lives now: its pid, and `<place>#<start>`. The place is the machine as it was started,
 * and its pid name space, within which a pid means something; the start tells a reused pid apart. Undefined when there is none.
 */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const start = startOf(pid);
  return start === undefined ? undefined : { pid, started: `${ownPlace()}#${start}` };
}

/** Identity of a process that had already ended when it was looked at. */
export function endedIdentity(pid: number): ProcessIdentity {
  return { pid, started: `${ownPlace()}#ended` };
}

/** What can be said of the owner of a run. A fresh heartbeat spares asking the system where that costs a process. */
export function livenessOf(row: { readonly owner: ProcessIdentity | null; readonly heartbeatAt: number | null }, now: number): Liveness {
  if (row.owner === null) return "unknown";
  if (!exists(row.owner) && placeIn(row.owner) === ownPlace()) return "gone";
  const fresh = row.heartbeatAt !== null && Math.abs(now - row.heartbeatAt) <= freshMs;
  return fresh && process.platform !== "linux" ? "alive" : isSame(row.owner);
}

/** Whether exactly this process lives: asks the system. */
export function isSame(identity: ProcessIdentity): Liveness {
  if (placeIn(identity) !== ownPlace()) return "unknown";
  const now = identityOf(identity.pid);
  if (now === undefined) return "gone";
  return now.started === identity.started ? "alive" : "gone";
}

/** The trainer beats every second; two missed beats call for a closer look. */
const freshMs = 2_500;

function exists({ pid }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to someone else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function startOf(pid: number): string | undefined {
  if (process.platform === "linux") return linuxStart(pid);
  if (process.platform === "win32") return windowsStart(pid);
  return output("ps", ["-o", "lstart=", "-p", String(pid)]);
}

/** Field 22 of `/proc/<pid>/stat`, in ticks since boot; a zombie (state Z) or dead process (X) counts as gone. */
function linuxStart(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The command's name, in brackets, may hold spaces and brackets; what follows the last bracket is regular.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  return state === "Z" || state === "X" ? undefined : fields[19];
}

function windowsStart(pid: number): string | undefined {
  return output("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`]);
}

function output(command: string, args: readonly string[]): string | undefined {
  try {
    const text = execFileSync(command, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      windowsHide: true,
      // `ps` tells the start in the time zone of the moment, and people travel.
      env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    });
    return text.trim() === "" ? undefined : text.trim();
  } catch {
    // Both commands end with an error when there is no such process.
    return undefined;
  }
}

function placeIn({ started }: ProcessIdentity): string {
  return started.slice(0, started.lastIndexOf("#"));
}

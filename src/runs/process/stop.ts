import { readdirSync, readFileSync } from "node:fs";
import killTree from "tree-kill";
import type { ProcessIdentity, RunSummary } from "../contract.ts";
import { isEnded } from "../registry.ts";
import { addRequest, noteEnded } from "../store/outside-writes.ts";
import { RunReader } from "../store/run-reader.ts";
import { isSame } from "./process-identity.ts";

/** Thrown when a trainer's process does not go, or may not be ended by us. */
export class StopError extends Error {
  override readonly name = "StopError";
}

/**
 * Asks the trainer to finish its step, write a checkpoint and end. Returns at once; `waitForEnd` waits. False when the run
 * had already ended. Throws `RunStoreError`.
 */
export function requestStop(folder: string): boolean {
  if (isEnded(summaryOf(folder))) return false;
  addRequest(folder, "stop");
  return true;
}

/**
 * Ends the trainer's process tree at once, without a last checkpoint, makes sure that it is gone, and writes the terminal
 * row for it. False when the run had already ended. Throws `StopError`, `RunStoreError`.
 */
export async function stopNow(folder: string): Promise<boolean> {
  const { owner, ...run } = summaryOf(folder);
  if (isEnded(run)) return false;
  if (owner === null) {
    await noteEnded(folder, "stopped", "Stopped before it began.");
    return true;
  }
  if (isSame(owner) === "unknown") {
    throw new StopError(`The trainer of ${run.id} runs on another machine. Stop it there, or ask it to stop without --now.`);
  }
  // Only this very process: by now its pid may belong to another one.
  if (isSame(owner) === "alive") await endTree(owner.pid);
  await gone(owner);
  await noteEnded(folder, "stopped", "Ended at once, on request.");
  return true;
}

/** The run once it has ended, or undefined when that took longer than `patienceMs`. */
export async function waitForEnd(folder: string, patienceMs: number): Promise<RunSummary | undefined> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const summary = summaryOf(folder);
    if (isEnded(summary)) return summary;
    if (Date.now() >= until) return undefined;
    await pause(lookEveryMs);
  }
}

const lookEveryMs = 100;
/** A killed process may take a moment to leave the system's table, longer while it writes. */
const killPatienceMs = 10_000;

function summaryOf(folder: string): RunSummary {
  using reader = RunReader.open(folder);
  return reader.summary();
}

async function gone(owner: ProcessIdentity): Promise<void> {
  const until = Date.now() + killPatienceMs;
  while (isSame(owner) === "alive") {
    if (Date.now() >= until) throw new StopError(`Process ${owner.pid} does not end. It may be stuck in the system; try again later.`);
    await pause(lookEveryMs);
  }
}

async function endTree(pid: number): Promise<void> {
  if (process.platform !== "linux") return endTreeBySystemTools(pid);
  // Children are read from /proc: small systems have no `ps`. First all are listed, then all are ended: a child whose
  // parent has gone could no longer be found.
  for (const member of [pid, ...descendantsOf(pid)]) kill(member);
}

function endTreeBySystemTools(pid: number): Promise<void> {
  return new Promise((resolve, reject) => {
    killTree(pid, "SIGKILL", (error) => {
      if (error) reject(new StopError(`Process ${pid} could not be ended: ${error.message}`, { cause: error }));
      else resolve();
    });
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EPERM") throw new StopError(`Process ${pid} belongs to another user and may not be ended.`, { cause: error });
    // ESRCH: it ended by itself.
    if (code !== "ESRCH") throw error;
  }
}

function descendantsOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? parentOf(pid) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  for (const waiting = [root]; waiting.length > 0;) {
    const below = children.get(waiting.pop() ?? root) ?? [];
    found.push(...below);
    waiting.push(...below);
  }
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // It ended while we looked.
    return undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

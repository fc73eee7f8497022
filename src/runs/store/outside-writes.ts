import type { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { type ProcessIdentity, type RequestKind, runFiles } from "../contract.ts";
import { openMigrated } from "./open-store.ts";
import { patiently } from "./patience.ts";
import type { RunRow } from "./run-row.ts";
import { transaction, translated } from "./sqlite.ts";

/** What others than the trainer may write: each a short transaction over a connection of its own. All throw `RunStoreError`. */

/** Asks the trainer for something; it looks several times a second. */
export function addRequest(folder: string, kind: RequestKind, now: number = Date.now()): void {
  write(folder, (database) => database.prepare("INSERT INTO request (kind, at) VALUES (?, ?)").run(kind, now));
}

/** Notes which process was started for a run, until that process says so itself. Waits for a lock to end, as do the others below. */
export function noteStarted(folder: string, owner: ProcessIdentity): Promise<void> {
  return writePatiently(folder, (database) =>
    database
      .prepare("UPDATE run SET status = 'starting', owner_pid = ?, owner_started = ? WHERE status = 'queued'")
      .run(owner.pid, owner.started),
  );
}

/**
 * Puts a run that ended early back into the queue, on behalf of the process that will start its trainer. The time between does
 * not count as training. False when the run is no longer as it was seen.
 */
export function requeue(folder: string, seen: RunRow, starter: ProcessIdentity, now: number = Date.now()): boolean {
  const trained = seen.startedAt === null ? null : (seen.endedAt ?? seen.heartbeatAt ?? seen.startedAt) - seen.startedAt;
  let done = false;
  write(folder, (database) =>
    transaction(database, "immediate", () => {
      const { changes } = database
        .prepare(
          `UPDATE run SET status = 'queued', reason = NULL, owner_pid = ?, owner_started = ?, started_at = ?, ended_at = NULL, heartbeat_at = NULL
           WHERE status = ? AND owner_pid IS ? AND owner_started IS ? AND heartbeat_at IS ?`,
        )
        .run(
          starter.pid,
          starter.started,
          trained === null ? null : now - trained,
          seen.status,
          seen.owner?.pid ?? null,
          seen.owner?.started ?? null,
          seen.heartbeatAt,
        );
      done = changes === 1;
      // What was asked of the trainer before is not meant for this one.
      if (done) database.prepare("UPDATE request SET handled_at = ? WHERE handled_at IS NULL").run(now);
    }),
  );
  return done;
}

/** Ends a run whose trainer could not be started. */
export function noteStartFailed(folder: string, reason: string, now: number = Date.now()): Promise<void> {
  return writePatiently(folder, (database) =>
    database.prepare("UPDATE run SET status = 'failed', reason = ?, ended_at = ? WHERE status IN ('queued', 'starting')").run(reason, now),
  );
}

/** Writes the terminal row in place of a trainer that was ended, or whose store's thread was, and can no longer do it. */
export function noteEnded(folder: string, status: "stopped" | "failed", reason: string, now: number = Date.now()): Promise<void> {
  return writePatiently(folder, (database) =>
    database
      .prepare("UPDATE run SET status = ?, reason = ?, ended_at = ? WHERE status IN ('queued', 'starting', 'running', 'stopping')")
      .run(status, reason, now),
  );
}

/** How long a writer with more to do than to wait stands still for one try. */
const shortWaitMs = 50;
/** Longer than this nobody waits for a run to begin or to end. */
const patienceMs = 60_000;

function writePatiently(folder: string, action: (database: DatabaseSync) => void): Promise<void> {
  return patiently(() => write(folder, action, shortWaitMs), patienceMs);
}

function write(folder: string, action: (database: DatabaseSync) => void, waitMs?: number): void {
  const path = join(folder, runFiles.store);
  const database = openMigrated(path, "write", waitMs);
  try {
    translated(path, () => action(database));
  } finally {
    database.close();
  }
}

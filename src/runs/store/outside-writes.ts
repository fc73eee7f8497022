import type { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { type ProcessIdentity, type RequestKind, runFiles, type RunUserColumns } from "../contract.ts";
import { openMigrated } from "./open-store.ts";
import { translated } from "./sqlite.ts";

/** What others than the trainer may write: each a short transaction over a connection of its own. All throw `RunStoreError`. */

/** Asks the trainer for something; it looks several times a second. */
export function addRequest(folder: string, kind: RequestKind, now: number = Date.now()): void {
  write(folder, (database) => database.prepare("INSERT INTO request (kind, at) VALUES (?, ?)").run(kind, now));
}

/** Notes which process was started for a run, until that process says so itself. */
export function noteStarted(folder: string, owner: ProcessIdentity): void {
  write(folder, (database) =>
    database
      .prepare("UPDATE run SET status = 'starting', owner_pid = ?, owner_started = ? WHERE status = 'queued'")
      .run(owner.pid, owner.started),
  );
}

/** Ends a run whose trainer could not be started. */
export function noteStartFailed(folder: string, reason: string, now: number = Date.now()): void {
  write(folder, (database) =>
    database.prepare("UPDATE run SET status = 'failed', reason = ?, ended_at = ? WHERE status IN ('queued', 'starting')").run(reason, now),
  );
}

/** Writes the terminal row in place of a trainer that was ended and can no longer do it. */
export function noteKilled(folder: string, reason: string, now: number = Date.now()): void {
  write(folder, (database) =>
    database
      .prepare("UPDATE run SET status = 'stopped', reason = ?, ended_at = ? WHERE status IN ('queued', 'starting', 'running', 'stopping')")
      .run(reason, now),
  );
}

/** Changes the user's own columns of a run; those not given stay as they are. */
export function updateUserColumns(folder: string, change: Partial<RunUserColumns>): void {
  write(folder, (database) =>
    database
      .prepare(
        `UPDATE run SET title = iif(?, ?, title), note = iif(?, ?, note), tags = coalesce(?, tags),
         starred = coalesce(?, starred), archived = coalesce(?, archived)`,
      )
      .run(
        Number(change.title !== undefined),
        change.title ?? null,
        Number(change.note !== undefined),
        change.note ?? null,
        change.tags === undefined ? null : JSON.stringify(change.tags),
        change.starred === undefined ? null : Number(change.starred),
        change.archived === undefined ? null : Number(change.archived),
      ),
  );
}

function write(folder: string, action: (database: DatabaseSync) => void): void {
  const path = join(folder, runFiles.store);
  const database = openMigrated(path, "write");
  try {
    translated(path, () => action(database));
  } finally {
    database.close();
  }
}

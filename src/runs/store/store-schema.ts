import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { storeVersion } from "../contract.ts";
import { pragmaNumber, transaction } from "./sqlite.ts";
import { foreign, RunStoreError } from "./store-error.ts";

/** `PRAGMA application_id` of a run store: "TSCP". */
const applicationId = 0x54534350;

/**
 * Step `i` brings a file from version `i` to `i + 1`; each is done whole or not at all. Blobs hold little-endian numbers:
 * steps and scalar values as float64, vector values as float32. A NaN is NULL in `min`, `max`, `first`, `last`.
 *
 * `chunk.start` is the index of its first point in the series. `chunk.sketch` is the chunk reduced in blocks of
 * `sketchBlock` points (pairs of step and value), from which long spans are drawn without reading the data.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE run (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id TEXT NOT NULL, name TEXT NOT NULL, experiment_file TEXT NOT NULL, balancer TEXT NOT NULL, seed INTEGER NOT NULL,
    status TEXT NOT NULL, reason TEXT,
    owner_pid INTEGER, owner_started TEXT,
    created_at REAL NOT NULL, started_at REAL, ended_at REAL, heartbeat_at REAL,
    step INTEGER NOT NULL DEFAULT 0, epoch REAL NOT NULL DEFAULT 0,
    description TEXT, result TEXT, latest TEXT NOT NULL DEFAULT '{}',
    git TEXT, versions TEXT NOT NULL, environment TEXT NOT NULL, overrides TEXT NOT NULL,
    title TEXT, tags TEXT NOT NULL DEFAULT '[]', note TEXT, starred INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE series (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, width INTEGER NOT NULL,
    points INTEGER NOT NULL, first_step REAL NOT NULL, last_step REAL NOT NULL
  );
  CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id), start INTEGER NOT NULL, count INTEGER NOT NULL,
    first_step REAL NOT NULL, last_step REAL NOT NULL,
    min REAL, max REAL, first REAL, last REAL,
    sketch BLOB, steps BLOB NOT NULL, data BLOB NOT NULL,
    UNIQUE (series, start)
  );
  CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY, parameter TEXT NOT NULL, step REAL NOT NULL, epoch REAL NOT NULL,
    shares BLOB NOT NULL, UNIQUE (parameter, step)
  );
  CREATE TABLE event (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, step REAL NOT NULL, at REAL NOT NULL, message TEXT NOT NULL, detail TEXT
  );
  CREATE TABLE request (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL, handled_at REAL
  );
  `,
];

/** What the file is: its version, or a refusal. */
export function checkVersion(database: DatabaseSync, path: string): number {
  if (pragmaNumber(database, "application_id") !== applicationId) throw foreign(path);
  const version = pragmaNumber(database, "user_version");
  if (version < 1) throw foreign(path);
  if (version > storeVersion) {
    throw new RunStoreError(
      "newer",
      path,
      `${path} was recorded by a newer Taskscope (store version ${version}, this one knows ${storeVersion}).`,
      "Update Taskscope to read it; the file was left as it is.",
    );
  }
  return version;
}

/** Brings a store to the newest version in one transaction. `steps` is given by tests alone. */
export function migrate(database: DatabaseSync, from: number, steps: readonly string[] = migrations): void {
  transaction(database, "immediate", () => {
    for (const step of steps.slice(from)) database.exec(step);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${steps.length}`);
  });
}

export type JournalMode = "wal" | "delete";

/** `statfs` types of file systems that do not share memory between hosts, where a write-ahead log is not safe. */
const sharedFileSystems: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x517b, // SMB
  0x01021997, // 9p (folders of the Windows host in WSL, of the host in some virtual machines)
  0x65735546, // FUSE (sshfs, gcsfuse, …)
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x19830326, // BeeGFS
]);

/** A write-ahead log where it is safe, so that readers never block the trainer; else SQLite's classic journal. */
export function chooseJournal(database: DatabaseSync, path: string): JournalMode {
  if (sharedFileSystems.has(statfsSync(dirname(path)).type >>> 0)) {
    database.prepare("PRAGMA journal_mode = DELETE").get();
    return "delete";
  }
  const row = database.prepare("PRAGMA journal_mode = WAL").get();
  return row?.["journal_mode"] === "wal" ? "wal" : "delete";
}

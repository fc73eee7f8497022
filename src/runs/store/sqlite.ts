import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type * as sqlite from "node:sqlite";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { asStoreError, corrupt, foreign, RunStoreError } from "./store-error.ts";

type Sqlite = typeof sqlite;

export type Row = Record<string, SQLOutputValue>;

/** How long a connection waits for another one's short transaction. Readers may be an editor that must not stand still. */
const busyTimeoutMs = { read: 1_000, write: 5_000, create: 5_000 } as const;

/**
 * SQLite, loaded when first needed: activation must not pay for it. The one warning that Node prints about it
 * ("experimental") says nothing to the person at the keyboard and is left out.
 */
function loadSqlite(path: string): Sqlite {
  loaded ??= withoutWarnings(builtIn);
  if (loaded !== undefined) return loaded;
  throw new RunStoreError(
    "unavailable",
    path,
    `Node ${process.versions.node} has no built-in SQLite, which keeps the runs.`,
    "Use Node 22.13 or newer.",
  );
}

let loaded: Sqlite | undefined;

/** Undefined in a Node that has none, whatever its types say. */
function builtIn(): Sqlite | undefined {
  return process.getBuiltinModule("node:sqlite");
}

function withoutWarnings<T>(action: () => T): T {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return action();
  } finally {
    process.emitWarning = emitWarning;
  }
}

export type OpenMode = "read" | "write" | "create";

/** Opens a database file; `waitMs` is how long each of its statements waits for a lock to end. Throws `RunStoreError`. */
export function openDatabase(path: string, mode: OpenMode, waitMs: number = busyTimeoutMs[mode]): DatabaseSync {
  const { DatabaseSync } = loadSqlite(path);
  if (mode !== "create" && !existsSync(path)) {
    throw new RunStoreError("missing", path, `${path} is not there.`, "The run was deleted or never started.");
  }
  refuseSpecialFiles(path);
  return translated(path, () => {
    const database = new DatabaseSync(mode === "read" && needsImmutable(path) ? immutableAddress(path) : path, {
      readOnly: mode === "read",
    });
    // What a schema from elsewhere calls is not trusted, and a page is looked at before it is believed.
    database.exec(`PRAGMA busy_timeout = ${waitMs}; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON`);
    return database;
  });
}

/** A database that is nowhere on the disk. */
export function openInMemory(path: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite(path);
  return new DatabaseSync(":memory:");
}

/** Opening a pipe waits for its other end, for ever perhaps; SQLite itself asks for a log and a journal beside the file. */
function refuseSpecialFiles(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw foreign(file, undefined, "it is not even a file");
  }
}

/** Runs `action`, turning SQLite's errors into `RunStoreError`. */
export function translated<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw asStoreError(error, path);
  }
}

/** One transaction; rolled back when `action` throws. `immediate` takes the write lock at its start. */
export function transaction<T>(database: DatabaseSync, kind: "deferred" | "immediate", action: () => T): T {
  database.exec(kind === "immediate" ? "BEGIN IMMEDIATE" : "BEGIN");
  let result: T;
  try {
    result = action();
    database.exec("COMMIT");
  } catch (error) {
    rollBack(database);
    throw error;
  }
  return result;
}

/** SQLite rolls back by itself after some errors (a full disk); a second rollback would be refused. */
function rollBack(database: DatabaseSync): void {
  if (database.isTransaction) database.exec("ROLLBACK");
}

/** Value of `PRAGMA name`, a whole number. */
export function pragmaNumber(database: DatabaseSync, name: string): number {
  const value = Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  return typeof value === "number" ? value : 0;
}

/** Typed access to a row's columns. A value of another type means that the file is damaged. */
export class Columns {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  number(row: Row, name: string): number {
    const value = row[name];
    return typeof value === "number" ? value : this.#refuse(name);
  }

  numberOrNull(row: Row, name: string): number | null {
    return row[name] === null ? null : this.number(row, name);
  }

  text(row: Row, name: string): string {
    const value = row[name];
    return typeof value === "string" ? value : this.#refuse(name);
  }

  textOrNull(row: Row, name: string): string | null {
    return row[name] === null ? null : this.text(row, name);
  }

  blob(row: Row, name: string): Uint8Array {
    const value = row[name];
    return value instanceof Uint8Array ? value : this.#refuse(name);
  }

  blobOrNull(row: Row, name: string): Uint8Array | null {
    return row[name] === null ? null : this.blob(row, name);
  }

  #refuse(name: string): never {
    throw corrupt(this.#path, `column ${name} holds something else`);
  }
}

/**
 * A finished run in a folder that may not be written to (a read-only share, an archive) can only be opened as immutable,
 * because SQLite wants to create the index of its write-ahead log beside the file. With a log beside it that would miss data.
 */
function needsImmutable(path: string): boolean {
  if (existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0) return false;
  return !isWritableFolder(path);
}

function isWritableFolder(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function immutableAddress(path: string): string {
  return `${pathToFileURL(path).href}?immutable=1`;
}

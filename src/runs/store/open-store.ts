import type { DatabaseSync } from "node:sqlite";
import { storeVersion } from "../contract.ts";
import { openDatabase, transaction, translated } from "./sqlite.ts";
import { checkVersion, migrate } from "./store-schema.ts";
import { checkShape } from "./store-shape.ts";

/**
 * Opens a run store and brings an older one to this version. A file that is not exactly a store is refused before anything is
 * read from it or written to it. Throws `RunStoreError`.
 */
export function openMigrated(path: string, mode: "read" | "write", waitMs?: number): DatabaseSync {
  const { database, version } = openChecked(path, mode, waitMs);
  if (version === storeVersion) return database;
  database.close();
  migrateFile(path);
  return openChecked(path, mode, waitMs).database;
}

function migrateFile(path: string): void {
  const { database } = openChecked(path, "write");
  try {
    // Two readers may come at once: whoever is second finds the work done.
    translated(path, () => migrate(database, checkVersion(database, path)));
  } finally {
    database.close();
  }
}

/** A refused file is not kept open. */
function openChecked(path: string, mode: "read" | "write", waitMs?: number): { readonly database: DatabaseSync; readonly version: number } {
  const database = openDatabase(path, mode, waitMs);
  try {
    const version = translated(path, () =>
      // One moment: another process may be bringing the file to this version.
      transaction(database, "deferred", () => {
        const found = checkVersion(database, path);
        checkShape(database, found, path);
        return found;
      }),
    );
    return { database, version };
  } catch (error) {
    database.close();
    throw error;
  }
}

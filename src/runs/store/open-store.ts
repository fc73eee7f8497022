import type { DatabaseSync } from "node:sqlite";
import { storeVersion } from "../contract.ts";
import { openDatabase, translated } from "./sqlite.ts";
import { checkVersion, migrate } from "./store-schema.ts";

/** Opens a run store and brings an older one to this version. Throws `RunStoreError`. */
export function openMigrated(path: string, mode: "read" | "write"): DatabaseSync {
  if (versionOf(path) < storeVersion) migrateFile(path);
  return openDatabase(path, mode);
}

/** Reads the version over a connection of its own, so that a refused file is not kept open. */
function versionOf(path: string): number {
  const database = openDatabase(path, "read");
  try {
    return translated(path, () => checkVersion(database, path));
  } finally {
    database.close();
  }
}

function migrateFile(path: string): void {
  const database = openDatabase(path, "write");
  try {
    // Two readers may come at once: whoever is second finds the work done.
    translated(path, () => migrate(database, checkVersion(database, path)));
  } finally {
    database.close();
  }
}

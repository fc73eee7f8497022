import { existsSync } from "node:fs";
import { migrate } from "./store-schema.ts";
import type { NewRun } from "./run-row.ts";
import { openDatabase, transaction, translated } from "./sqlite.ts";
import { RunStoreError } from "./store-error.ts";

/** Makes the store of a new run, with its one row in status `queued`. Throws `RunStoreError`, also when there is one already. */
export function createStore(path: string, run: NewRun): void {
  if (existsSync(path)) throw new RunStoreError("unavailable", path, `${path} is already there.`, "Every run has a folder of its own.");
  const database = openDatabase(path, "create");
  try {
    translated(path, () => {
      migrate(database, 0);
      transaction(database, "immediate", () =>
        database
          .prepare(
            `INSERT INTO run (only, id, name, experiment_file, balancer, seed, status, created_at, git, versions, environment, overrides)
             VALUES (1, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)`,
          )
          .run(
            run.id,
            run.name,
            run.experimentFile,
            run.balancer,
            run.seed,
            run.createdAt,
            run.git === null ? null : JSON.stringify(run.git),
            JSON.stringify(run.versions),
            JSON.stringify(run.environment),
            JSON.stringify(run.overrides),
          ),
      );
    });
  } finally {
    database.close();
  }
}

import type { DatabaseSync } from "node:sqlite";
import { openInMemory } from "./sqlite.ts";
import { foreign } from "./store-error.ts";
import { migrate, migrations } from "./store-schema.ts";

/** Longer than any statement of our schema; of a longer one only the beginning is read. */
const longestStatement = 20_000;

/**
 * Refuses a file whose tables are not exactly those that its version makes. A run's folder may come from anywhere, and a name
 * like `run` could stand for an endless view, a virtual table, a generated column or a table with triggers: nothing may be
 * read from or written to by name before this. Throws `RunStoreError`.
 */
export function checkShape(database: DatabaseSync, version: number, path: string): void {
  const expected = expectedShape(version, path);
  // One more than expected is enough to see that there are too many.
  const found = shapeOf(database, expected.size + 1);
  const odd = [...found].find(([name, text]) => expected.get(name) !== text)?.[0] ?? [...expected.keys()].find((name) => !found.has(name));
  if (odd === undefined) return;
  throw foreign(path, undefined, `its ${found.has(odd) ? `object "${odd}"` : `missing table "${odd}"`} is not what Taskscope makes`);
}

const known = new Map<number, ReadonlyMap<string, string>>();

function expectedShape(version: number, path: string): ReadonlyMap<string, string> {
  let shape = known.get(version);
  if (shape === undefined) {
    const database = openInMemory(path);
    try {
      migrate(database, 0, migrations.slice(0, version));
      shape = shapeOf(database, Infinity);
    } finally {
      database.close();
    }
    known.set(version, shape);
  }
  return shape;
}

/** Every object by its name, as one text. `sqlite_schema` is always a plain table. */
function shapeOf(database: DatabaseSync, limit: number): ReadonlyMap<string, string> {
  const rows = database
    .prepare(
      "SELECT type, substr(name, 1, ?1) AS name, substr(tbl_name, 1, ?1) AS owner, substr(sql, 1, ?1) AS sql FROM sqlite_schema LIMIT ?2",
    )
    .all(longestStatement, Number.isFinite(limit) ? limit : -1);
  return new Map(rows.map(({ type, name, owner, sql }) => [String(name), JSON.stringify([type, owner, sql])]));
}

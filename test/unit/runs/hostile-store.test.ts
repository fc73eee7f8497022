import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readEntry } from "../../../src/runs/registry.ts";
import { addRequest } from "../../../src/runs/store/outside-writes.ts";
import { mostBytes } from "../../../src/runs/store/bounded-columns.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { packShares } from "../../../src/runs/store/shares.ts";
import { openDatabase } from "../../../src/runs/store/sqlite.ts";
import { RunStoreError } from "../../../src/runs/store/store-error.ts";
import { TemporaryWorkspace } from "./temporary-run.ts";

/** Long, and not endless: a test of something that would freeze must be able to fail. */
const long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000000)";

/** Each makes a store into something that has all the names of one, and its version. */
const disguises: Record<string, string> = {
  "a view in place of a table": `ALTER TABLE run RENAME TO hidden; CREATE VIEW run AS ${long} SELECT hidden.* FROM hidden, n`,
  "a view more": `CREATE VIEW more AS ${long} SELECT * FROM n`,
  "a trigger": `CREATE TRIGGER t AFTER INSERT ON request BEGIN DELETE FROM chunk; END`,
  "a virtual table": "DROP TABLE event; CREATE VIRTUAL TABLE event USING fts5(id, kind, step, at, message, detail)",
  "a generated column": "ALTER TABLE run ADD COLUMN mood TEXT AS (hex(zeroblob(100000000)))",
  "a column that only looks like one": `DROP TABLE series; CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
     width INTEGER NOT NULL, points INTEGER NOT NULL, first_step REAL NOT NULL, last_step REAL AS (hex(zeroblob(100000000))))`,
  "an index on an expression": "CREATE INDEX slow ON chunk (hex(zeroblob(100000000)))",
  "a missing table": "DROP TABLE event",
};

describe("a file that only looks like a store is refused, by its name, and left as it is:", () => {
  test.each(Object.entries(disguises))("%s", (_what, sql) => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const path = join(folder, "run.sqlite");
    disguise(path, sql);
    const before = readFileSync(path);
    for (const open of [() => RunReader.open(folder), () => RunWriter.open(folder), () => addRequest(folder, "stop")]) {
      expect(problemOf(open)).toMatchObject({ problem: "foreign", path, message: expect.stringContaining(path) as unknown });
    }
    expect(readEntry(folder)).toMatchObject({ kind: "unreadable" });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test.runIf(process.platform !== "win32")("a pipe, which nobody would ever write to", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const path = join(folder, "run.sqlite");
    rmSync(path);
    execFileSync("mkfifo", [path]);
    expect(problemOf(() => RunReader.open(folder))).toMatchObject({ problem: "foreign", path });
  });
});

describe("what is longer than anything we write is not taken into memory:", () => {
  test.each([
    ["a text", "UPDATE run SET note = CAST(zeroblob(?) AS TEXT)", (reader: RunReader) => reader.summary()],
    ["a blob", "UPDATE chunk SET data = zeroblob(?)", (reader: RunReader) => reader.points("loss/a")],
    ["a number that is a blob", "UPDATE series SET last_step = zeroblob(?)", (reader: RunReader) => reader.seriesList()],
  ] as const)("%s", (_what, sql, read) => {
    using workspace = new TemporaryWorkspace();
    const folder = recorded(workspace);
    const database = openDatabase(join(folder, "run.sqlite"), "write");
    database.prepare(sql).run(mostBytes + 1);
    database.close();
    using reader = RunReader.open(folder);
    const before = process.memoryUsage().rss;
    expect(problemOf(() => read(reader))).toMatchObject({ problem: "corrupt" });
    expect(process.memoryUsage().rss - before).toBeLessThan(mostBytes / 2);
  });

  test("an element map that swells", () => {
    using workspace = new TemporaryWorkspace();
    const folder = recorded(workspace);
    const database = openDatabase(join(folder, "run.sqlite"), "write");
    database
      .prepare("INSERT INTO snapshot (parameter, step, epoch, shares) VALUES ('k', 1, 1, ?)")
      .run(packShares(new Uint8Array(mostBytes + 1)));
    database.close();
    using reader = RunReader.open(folder);
    expect(reader.snapshots()).toHaveLength(1);
    expect(problemOf(() => reader.snapshot("k"))).toMatchObject({ problem: "corrupt" });
  });
});

test("a page that leads back to an earlier one is noticed, so that reading ends", () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const path = join(folder, "run.sqlite");
  const writer = RunWriter.open(folder);
  for (let id = 0; id < 2000; id++) writer.event({ kind: "note", step: id, at: 0, message: "m".repeat(20) });
  writer.commit(1);
  writer.close();
  const root = rootPageOf(path, "event");
  const bytes = readFileSync(path);
  const page = (root - 1) * 4096;
  expect(bytes[page]).toBe(5); // an inner page: its cells are children and keys
  const cells = Array.from({ length: bytes.readUInt16BE(page + 3) }, (_, i) => page + bytes.readUInt16BE(page + 12 + 2 * i));
  const first = bytes.readUInt32BE(cells[0] ?? 0);
  for (const cell of cells) bytes.writeUInt32BE(first, cell);
  writeFileSync(path, bytes);
  using reader = RunReader.open(folder);
  expect(problemOf(() => reader.events())).toMatchObject({ problem: "corrupt" });
});

function recorded(workspace: TemporaryWorkspace): string {
  const folder = workspace.bareRun();
  const writer = RunWriter.open(folder);
  writer.scalar("loss/a", 1, 42);
  writer.commit(1);
  writer.close();
  return folder;
}

function disguise(path: string, sql: string): void {
  const database = openDatabase(path, "write");
  database.exec("PRAGMA foreign_keys = OFF");
  database.exec(sql);
  database.close();
}

function rootPageOf(path: string, table: string): number {
  const database = openDatabase(path, "read");
  const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table)?.["rootpage"];
  database.close();
  return Number(root);
}

function problemOf(action: () => unknown): RunStoreError {
  try {
    action();
  } catch (error) {
    if (error instanceof RunStoreError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunDescription, RunResult } from "../../../src/experiment/record.ts";
import { storeVersion } from "../../../src/runs/contract.ts";
import { openMigrated } from "../../../src/runs/store/open-store.ts";
import { addRequest } from "../../../src/runs/store/outside-writes.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { openDatabase } from "../../../src/runs/store/sqlite.ts";
import { RunStoreError } from "../../../src/runs/store/store-error.ts";
import { checkVersion, migrate, migrations } from "../../../src/runs/store/store-schema.ts";
import { identityOf } from "../../../src/runs/process/process-identity.ts";
import { TemporaryWorkspace } from "./temporary-run.ts";

const description: RunDescription = {
  tasks: [
    {
      id: "left",
      kind: "classification",
      headlineMetric: "accuracy",
      metrics: [{ name: "accuracy", better: "higher", unit: "share" }],
      classes: ["a", "b"],
    },
  ],
  parameters: [{ name: "d.kernel", layer: "d", weight: "kernel", shape: [2, 3], size: 6, reach: "common", tasks: ["left"] }],
  ownership: "attributed",
  optimizer: "adam",
  backend: "wasm",
  stepsPerEpoch: 10,
  totalSteps: 20,
  epochs: 2,
  rows: { train: 100, validation: 10, test: 10 },
};
const result: RunResult = {
  metrics: { test: { left: { accuracy: 0.9 } } },
  dominance: { trunk: { left: 1 }, parameters: { "d.kernel": { left: 1 } } },
  bestStep: 10,
};

describe("a run's store", () => {
  test("tells a run's life from its making to its end", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    using reader = RunReader.open(folder);
    expect(reader.summary()).toMatchObject({ status: "queued", seed: 7, description: null, result: null, step: 0, owner: null });
    const writer = RunWriter.open(folder);
    const owner = identityOf(process.pid);
    if (owner === undefined) throw new Error("this process has no identity");
    expect(writer.begin(owner, 1000)).toBe(true);
    expect(reader.summary()).toMatchObject({ status: "starting", owner, startedAt: 1000 });
    writer.describe(description);
    writer.commit(1500);
    expect(reader.summary()).toMatchObject({ status: "running", description });
    writer.scalar("metric/validation/left/accuracy", 10, 0.8);
    writer.progress(10, 1);
    writer.commit(2000);
    expect(reader.summary()).toMatchObject({ step: 10, epoch: 1, heartbeatAt: 2000, latest: { validation: { left: { accuracy: 0.8 } } } });
    writer.stopping();
    writer.commit(2500);
    expect(reader.summary().status).toBe("stopping");
    writer.end({ status: "stopped", reason: "Stopped on request.", result }, 3000);
    writer.close();
    expect(reader.summary()).toMatchObject({ status: "stopped", reason: "Stopped on request.", result, endedAt: 3000 });
  });

  test("takes one trainer and no second", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    for (const first of [true, false]) {
      const writer = RunWriter.open(folder);
      expect(writer.begin({ pid: 1, started: "here#1" }, 1)).toBe(first);
      writer.close();
    }
  });

  test("keeps events and element maps", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    const shares = Uint8Array.from({ length: 5000 }, (_, i) => i % 256);
    writer.event({ kind: "warning", step: 1, at: 5, message: "loud", detail: { task: "left", step: 1, first: true } });
    writer.event({ kind: "best", step: 10, at: 6, message: "better" });
    for (const step of [10, 20]) writer.snapshot(step, step / 10, { parameter: "d.kernel", shares: shares.map((share) => share ^ step) });
    writer.commit(0);
    using reader = RunReader.open(folder);
    expect(reader.events()).toEqual([
      { id: 1, kind: "warning", step: 1, at: 5, message: "loud", detail: { task: "left", step: 1, first: true } },
      { id: 2, kind: "best", step: 10, at: 6, message: "better" },
    ]);
    expect(reader.events(1).map(({ id }) => id)).toEqual([2]);
    expect(reader.snapshots()).toEqual([10, 20].map((step, i) => ({ id: i + 1, step, epoch: step / 10, parameter: "d.kernel" })));
    expect(reader.snapshots(1).map(({ step }) => step)).toEqual([20]);
    expect(reader.snapshot("d.kernel", 15)?.map.shares).toEqual(shares.map((share) => share ^ 10));
    expect(reader.snapshot("d.kernel")?.info.step).toBe(20);
    expect(reader.snapshot("d.kernel", 9)).toBeUndefined();
    writer.close();
  });

  test.each([Infinity, -Infinity, NaN])("keeps %d in the detail of an event", (loss) => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    writer.event({ kind: "warning", step: 1, at: 5, message: "diverged", detail: { diverged: 'the "left"', loss } });
    writer.commit(0);
    writer.close();
    using reader = RunReader.open(folder);
    expect(reader.events()[0]?.detail).toEqual({ diverged: 'the "left"', loss });
  });

  test("reads an event whose number was written as null", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const database = openMigrated(join(folder, "run.sqlite"), "write");
    database.exec(`INSERT INTO event (kind, step, at, message, detail) VALUES ('warning', 1, 5, 'diverged', '{"loss":null}')`);
    database.close();
    using reader = RunReader.open(folder);
    expect(reader.events()[0]?.detail).toEqual({ loss: NaN });
  });

  test("lets others ask, and the trainer hears each request once", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    addRequest(folder, "checkpoint");
    addRequest(folder, "stop");
    expect(writer.takeRequests(1).map(({ kind }) => kind)).toEqual(["checkpoint", "stop"]);
    expect(writer.takeRequests(2)).toEqual([]);
    writer.close();
  });

  test("tells a reader whether anything changed", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    using reader = RunReader.open(folder);
    const before = reader.changeToken();
    expect(reader.changeToken()).toBe(before);
    writer.scalar("loss/a", 1, 1);
    expect(reader.changeToken()).toBe(before);
    writer.commit(1);
    expect(reader.changeToken()).not.toBe(before);
    writer.close();
  });

  test("a slow reader never blocks the writer, and sees one moment throughout", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    writer.scalar("loss/a", 1, 1);
    writer.commit(1);
    const reading = openDatabase(join(folder, "run.sqlite"), "read");
    reading.exec("BEGIN");
    const count = (): unknown => reading.prepare("SELECT points FROM series").get()?.["points"];
    expect(count()).toBe(1);
    writer.scalar("loss/a", 2, 2);
    writer.commit(2);
    expect(count()).toBe(1);
    reading.exec("COMMIT");
    expect(count()).toBe(2);
    reading.close();
    writer.close();
  });
});

describe("a store that is not as it should be", () => {
  test("from a newer version is refused and left as it is", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const path = join(folder, "run.sqlite");
    const database = openDatabase(path, "write");
    database.exec(`PRAGMA user_version = ${storeVersion + 1}`);
    database.close();
    const before = readFileSync(path);
    expect(problemOf(folder)).toMatchObject({ problem: "newer", message: matching(/newer Taskscope.*Update Taskscope/) });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("from an older version is migrated whole, or not at all", () => {
    using workspace = new TemporaryWorkspace();
    const path = join(workspace.root, "old.sqlite");
    const database = openDatabase(path, "create");
    migrate(database, 0);
    const next = "ALTER TABLE run ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';";
    expect(() => migrate(database, 1, [...migrations, `${next} SELECT nonsense FROM nowhere;`])).toThrow();
    expect(checkVersion(database, path)).toBe(1);
    expect(database.prepare("SELECT count(*) AS n FROM pragma_table_info('run') WHERE name = 'mood'").get()?.["n"]).toBe(0);
    migrate(database, 1, [...migrations, next]);
    expect(database.prepare("PRAGMA user_version").get()?.["user_version"]).toBe(2);
    expect(() => checkVersion(database, path)).toThrow(/store version 2/);
    database.close();
  });

  test("a file that is missing, foreign, cut off or damaged is told apart, with what to do", () => {
    using workspace = new TemporaryWorkspace();
    const good = join(workspace.bareRun(), "run.sqlite");
    const whole = readFileSync(good);
    const inFolder = (name: string, content: Buffer | string): string => {
      const folder = join(workspace.root, name);
      mkdirSync(folder);
      writeFileSync(join(folder, "run.sqlite"), content);
      return folder;
    };
    expect(problemOf(join(workspace.root, "nowhere"))).toMatchObject({ problem: "missing" });
    expect(problemOf(inFolder("empty", ""))).toMatchObject({ problem: "foreign" });
    expect(problemOf(inFolder("text", "not a database\n".repeat(500)))).toMatchObject({ problem: "foreign" });
    const other = join(workspace.root, "other.sqlite");
    const database = openDatabase(other, "create");
    database.exec("CREATE TABLE run (a)");
    database.close();
    expect(problemOf(inFolder("other", readFileSync(other)))).toMatchObject({ problem: "foreign" });
    const cut = inFolder("cut", whole);
    truncateSync(join(cut, "run.sqlite"), 4096 * 2);
    expect(problemOf(cut)).toMatchObject({ problem: "corrupt", hint: matching(/config\.mtl\.yaml/) });
    const holed = Buffer.from(whole);
    holed.fill(0xee, 4096, 4096 * 3);
    expect(problemOf(inFolder("holed", holed))).toMatchObject({ problem: "corrupt" });
  });

  test("a row that does not fit is called damaged, not shown", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const database = openMigrated(join(folder, "run.sqlite"), "write");
    database.exec("UPDATE run SET description = '{\"tasks\": 3}'");
    database.close();
    expect(problemOf(folder)).toMatchObject({ problem: "corrupt" });
  });
});

test("a copied folder is a whole run, its log included", () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const writer = RunWriter.open(folder);
  writer.scalar("loss/a", 1, 42);
  writer.commit(1);
  const copy = join(workspace.root, "copy");
  mkdirSync(copy);
  for (const file of ["run.sqlite", "run.sqlite-wal"]) copyFileSync(join(folder, file), join(copy, file));
  using reader = RunReader.open(copy);
  expect(reader.latest("loss/a")).toEqual({ step: 1, value: 42 });
  writer.close();
});

/** What reading a run that cannot be read says. */
function problemOf(folder: string): RunStoreError {
  try {
    using reader = RunReader.open(folder);
    reader.summary();
  } catch (error) {
    if (error instanceof RunStoreError) return error;
    throw error;
  }
  throw new Error(`${folder} was read without complaint`);
}

function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

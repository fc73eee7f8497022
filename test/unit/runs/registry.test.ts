import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fc, test as law } from "@fast-check/vitest";
import { afterEach, describe, expect, test, vi } from "vitest";
import { discardRun, findRun, RunBusyError, RunNotFoundError, RunRegistry } from "../../../src/runs/registry.ts";
import { createRun, findRoot, runIdOf, runsFolderOf } from "../../../src/runs/run-folder.ts";
import { identityOf } from "../../../src/runs/process/process-identity.ts";
import { addRequest, noteStartFailed } from "../../../src/runs/store/outside-writes.ts";
import { openDatabase } from "../../../src/runs/store/sqlite.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { TemporaryWorkspace } from "./temporary-run.ts";

afterEach(() => vi.unstubAllEnvs());

describe("a run's folder", () => {
  test("holds what was run, is kept out of git, and appears whole", async () => {
    using workspace = new TemporaryWorkspace();
    const order = {
      experimentFile: join(workspace.root, "a.mtl.yaml"),
      config: "name: a # set on the command line\n",
      name: "a",
      balancer: "mgda",
      seed: 3,
      overrides: ["training.seed=3"],
      version: "1.2.3",
    };
    const { id, folder } = await createRun(workspace.root, order);
    expect(id).toMatch(/^\d{8}-\d{6}-\d{3}-a$/);
    expect(readFileSync(join(folder, "config.mtl.yaml"), "utf8")).toBe(order.config);
    expect(readFileSync(join(workspace.root, ".taskscope/.gitignore"), "utf8")).toBe("*\n");
    using reader = RunReader.open(folder);
    expect(reader.summary()).toMatchObject({
      id,
      name: "a",
      balancer: "mgda",
      seed: 3,
      overrides: order.overrides,
      versions: { taskscope: "1.2.3" },
      folder,
    });
    expect(reader.row().environment["cores"]).toMatch(/^\d+$/);
  });

  test("runs made in the same millisecond are two", async () => {
    using workspace = new TemporaryWorkspace();
    const folders = await Promise.all([1, 2, 3].map(() => workspace.run("same", 1_700_000_000_000)));
    expect(new Set(folders).size).toBe(3);
  });

  law.prop([fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 4e12 })])("ids sort by time", (a, b) => {
    expect(runIdOf("z", a) < runIdOf("z", b)).toBe(a < b);
  });

  test("its root is the nearest folder above with runs or a repository, else the file's own", () => {
    using workspace = new TemporaryWorkspace();
    const deep = join(workspace.root, "a/b");
    mkdirSync(deep, { recursive: true });
    mkdirSync(join(workspace.root, ".git"));
    expect(findRoot(join(deep, "x.mtl.yaml"))).toBe(workspace.root);
    mkdirSync(join(workspace.root, "a/.taskscope"));
    expect(findRoot(join(deep, "x.mtl.yaml"))).toBe(join(workspace.root, "a"));
  });
});

describe("the registry", () => {
  test("lists runs newest first, shows what cannot be read, and hides drafts", () => {
    using workspace = new TemporaryWorkspace();
    workspace.bareRun("20260101-000000-000-old");
    workspace.bareRun("20260102-000000-000-new");
    const runs = runsFolderOf(workspace.root);
    mkdirSync(join(runs, "20260103-000000-000-broken"));
    writeFileSync(join(runs, "20260103-000000-000-broken/run.sqlite"), "rubbish");
    mkdirSync(join(runs, ".new-20260104-000000-000-draft"));
    writeFileSync(join(runs, "stray.txt"), "");
    const entries = new RunRegistry().list(workspace.root);
    expect(entries.map(({ kind, id }) => [kind, id])).toEqual([
      ["unreadable", "20260103-000000-000-broken"],
      ["run", "20260102-000000-000-new"],
      ["run", "20260101-000000-000-old"],
    ]);
    expect(new RunRegistry().list(join(workspace.root, "nowhere"))).toEqual([]);
  });

  test("a folder that cannot be read, whatever the reason, hides no other", () => {
    using workspace = new TemporaryWorkspace();
    workspace.bareRun("20260101-000000-000-sound");
    const runs = runsFolderOf(workspace.root);
    for (const name of ["20260102-000000-000-empty", "20260103-000000-000-folder", "20260104-000000-000-odd"]) mkdirSync(join(runs, name));
    mkdirSync(join(runs, "20260103-000000-000-folder/run.sqlite"));
    const odd = workspace.bareRun("20260105-000000-000-odd");
    const database = openDatabase(join(odd, "run.sqlite"), "write");
    // Its file is a store, its row is not: the number does not fit into one of JavaScript.
    database.exec("UPDATE run SET seed = 9223372036854775807");
    database.close();
    const entries = new RunRegistry().list(workspace.root);
    expect(entries.map(({ kind }) => kind)).toEqual(["unreadable", "unreadable", "unreadable", "unreadable", "run"]);
    for (const entry of entries) if (entry.kind === "unreadable") expect(entry.message).toContain(entry.folder);
  });

  test("shows an active run as it last was while its store is locked", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const registry = new RunRegistry();
    const [before] = registry.list(workspace.root);
    const other = openDatabase(join(folder, "run.sqlite"), "write");
    // Without a write-ahead log, who writes keeps readers out.
    other.exec("BEGIN EXCLUSIVE");
    expect(registry.list(workspace.root)).toEqual([before]);
    expect(new RunRegistry().list(workspace.root)).toMatchObject([{ kind: "unreadable", locked: true }]);
    other.close();
  });

  test("its stamp changes when a run comes, goes or is taken up, and else does not", () => {
    using workspace = new TemporaryWorkspace();
    const registry = new RunRegistry();
    const stamps = new Set([registry.stampOf(workspace.root)]);
    const first = workspace.bareRun("20260101-000000-000-a");
    stamps.add(registry.stampOf(workspace.root));
    workspace.bareRun("20260102-000000-000-b");
    stamps.add(registry.stampOf(workspace.root));
    expect(stamps.size).toBe(3);
    stamps.add(registry.stampOf(workspace.root));
    expect(stamps.size).toBe(3);
    const writer = RunWriter.open(first);
    stamps.add(registry.stampOf(workspace.root));
    writer.close();
    expect(stamps.size).toBe(4);
  });

  test("reads an ended run once, and again when it changed", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    writer.end({ status: "completed", reason: null, result: null }, 5);
    writer.close();
    const registry = new RunRegistry();
    const first = registry.list(workspace.root)[0];
    expect(registry.list(workspace.root)[0]).toBe(first);
    addRequest(folder, "stop");
    expect(registry.list(workspace.root)[0]).not.toBe(first);
  });

  test("finds a run by id, by the beginning of it, and by path", () => {
    using workspace = new TemporaryWorkspace();
    const one = workspace.bareRun("20260101-000000-000-a");
    const other = workspace.bareRun("20260102-000000-000-b");
    expect(findRun(workspace.root, basename(one))).toBe(one);
    expect(findRun(workspace.root, "20260102")).toBe(other);
    expect(findRun(workspace.root, other)).toBe(other);
    expect(() => findRun(workspace.root, "2026")).toThrow(/could be any of 20260102.*20260101/);
    expect(() => findRun(workspace.root, "nothing")).toThrow(RunNotFoundError);
  });

  test("an active run is not deleted, an ended one is moved", () => {
    using workspace = new TemporaryWorkspace();
    vi.stubEnv("XDG_DATA_HOME", workspace.root);
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    const owner = identityOf(process.pid);
    if (owner === undefined) throw new Error("this process has an identity");
    writer.begin(owner, Date.now());
    expect(() => discardRun(folder)).toThrow(RunBusyError);
    writer.end({ status: "completed", reason: null, result: null }, Date.now());
    writer.close();
    const place = discardRun(folder);
    expect([existsSync(folder), existsSync(join(place, "run.sqlite"))]).toEqual([false, true]);
    expect(new RunRegistry().list(workspace.root)).toEqual([]);
  });
});

test.runIf(process.platform === "linux")("goes to the desktop's trash where there is one, with a note from where", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  await noteStartFailed(folder, "no");
  const data = join(workspace.root, "data");
  mkdirSync(join(data, "Trash"), { recursive: true });
  vi.stubEnv("XDG_DATA_HOME", data);
  const place = discardRun(folder);
  expect(place).toBe(join(data, "Trash/files", basename(folder)));
  expect(existsSync(join(place, "run.sqlite"))).toBe(true);
  expect(readFileSync(join(data, "Trash/info", `${basename(folder)}.trashinfo`), "utf8")).toContain(`Path=${folder}\n`);
});

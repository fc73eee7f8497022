import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setup, suite, teardown, test } from "mocha";
import * as vscode from "vscode";
import { ExperimentFiles } from "../../../src/editor/experiment-files.ts";
import { ExperimentsTree, type TreeNode } from "../../../src/editor/experiments-tree.ts";
import { RunMonitor, type RunSource } from "../../../src/editor/run-monitor.ts";
import { Targets } from "../../../src/editor/targets.ts";
import { RunRegistry } from "../../../src/runs/registry.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { createRun, findRoot } from "../../../src/runs/run-folder.ts";
import { experimentText, folder, until, writeExperiment } from "./workspace.ts";

/** The tree over the real workspace and real run folders. */
suite("the tree", () => {
  let log: vscode.LogOutputChannel;
  let files: ExperimentFiles;
  let runs: RunMonitor;
  let tree: ExperimentsTree;

  setup(async () => {
    const registry = new RunRegistry();
    const source: RunSource = {
      list: async (root) => registry.list(root),
      stampOf: async (root) => registry.stampOf(root),
      rootOf: async (file) => findRoot(file),
    };
    log = vscode.window.createOutputChannel("tree test", { log: true });
    files = new ExperimentFiles();
    runs = new RunMonitor(source, files, log);
    tree = new ExperimentsTree(files, runs);
    await runs.refresh();
  });
  teardown(() => {
    for (const each of [tree, runs, files, log]) each.dispose();
  });

  const labels = async (node?: TreeNode) => (await tree.getChildren(node)).map((child) => tree.getTreeItem(child).label);
  const child = async (label: string) => {
    const nodes = await tree.getChildren();
    const found = nodes.find((node) => tree.getTreeItem(node).label === label);
    assert.ok(found, `${label} is not in the tree`);
    return found;
  };

  test("lists experiment files, but no copies that runs keep", async () => {
    writeExperiment("tree", "listed", experimentText({ name: "listed" }));
    mkdirSync(join(folder, ".taskscope/runs/copy"), { recursive: true });
    writeExperiment(".taskscope/runs/copy", "config", experimentText({ name: "hidden" }));
    await files.search();
    const seen = await labels();
    assert.ok(seen.includes("listed"));
    assert.ok(!seen.includes("config"));
  });

  test("notices a new file by itself", async () => {
    await labels();
    writeExperiment("tree", "appeared", experimentText({ name: "appeared" }));
    await until("the new file", async () => (await labels()).includes("appeared"));
  });

  test("shows a run under its experiment, with its state and what may be done with it", async () => {
    const file = writeExperiment("tree", "with-run", experimentText({ name: "with-run" }));
    await createRun(folder, order(file.fsPath));
    await files.search();
    await runs.refresh();
    const [run, ...others] = await tree.getChildren(await child("with-run"));
    assert.ok(run);
    assert.equal(others.length, 0);
    const item = tree.getTreeItem(run);
    assert.ok(typeof item.label === "string" && item.label.startsWith("equal"));
    assert.equal(item.description, "queued");
    assert.equal(item.contextValue, "run.active");
    assert.equal(tree.getParent(run)?.kind, "experiment");
  });

  test("redraws only the row of a run that goes on", async () => {
    const file = writeExperiment("tree", "going-on", experimentText({ name: "going-on" }));
    const created = await createRun(folder, order(file.fsPath));
    await files.search();
    await runs.refresh();
    const [row] = await tree.getChildren(await child("going-on"));
    const redrawn: (TreeNode[] | undefined)[] = [];
    const listening = tree.onDidChangeTreeData((rows) => redrawn.push(rows));
    const writer = RunWriter.open(created.folder);
    try {
      writer.progress(7, 0.5);
      writer.commit(Date.now());
      await runs.refresh();
    } finally {
      writer.close();
      listening.dispose();
    }
    assert.ok(row?.kind === "run");
    assert.deepEqual(redrawn, [[row]]);
    assert.equal(row.run.step, 7);
  });

  test("notices a run that someone else started, also where only the command line would put it", async () => {
    const file = writeExperiment("tree/apart", "elsewhere", experimentText({ name: "elsewhere" }));
    mkdirSync(join(folder, "tree/apart/.git"), { recursive: true });
    await files.search();
    await runs.refresh();
    await createRun(join(folder, "tree/apart"), order(file.fsPath));
    await until("the run", () => runs.of(file.fsPath).length === 1);
  });

  test("keeps runs of a file that is gone", async () => {
    await createRun(folder, order(join(folder, "tree/gone.mtl.yaml")));
    await runs.refresh();
    const gone = await child("gone");
    assert.equal(tree.getTreeItem(gone).contextValue, "gone");
    assert.equal((await tree.getChildren(gone)).length, 1);
  });

  test("shows a run folder that cannot be read, with the reason, beside runs that can", async () => {
    const file = writeExperiment("tree", "sound", experimentText({ name: "sound" }));
    await createRun(folder, order(file.fsPath));
    const broken = join(folder, ".taskscope/runs/20260101-000000-000-broken");
    mkdirSync(broken, { recursive: true });
    writeFileSync(join(broken, "run.sqlite"), "rubbish");
    await files.search();
    await runs.refresh();
    const node = await child("20260101-000000-000-broken");
    const item = tree.getTreeItem(node);
    assert.equal(item.contextValue, "unreadable");
    assert.ok(typeof item.tooltip === "string" && item.tooltip.includes(join(broken, "run.sqlite")));
    assert.deepEqual(new Targets(files, runs).of(node), node);
    assert.equal(runs.of(file.fsPath).length, 1);
    rmSync(broken, { recursive: true });
  });

  test("notices a run where no watcher tells of it", async () => {
    const file = join(folder, "tree/unwatched.mtl.yaml");
    // The monitor watches one folder, and the runs are in another, as on a network file system that tells of nothing.
    const [watched, real] = [join(folder, "tree/unwatched"), mkdtempSync(join(tmpdir(), "taskscope-unwatched-"))];
    const registry = new RunRegistry();
    const source: RunSource = {
      list: async (root) => (root === watched ? registry.list(real) : []),
      stampOf: async (root) => registry.stampOf(root === watched ? real : root),
      rootOf: async (each) => findRoot(each),
    };
    // Nor may an experiment file that is noticed late make it look.
    const silent = new ExperimentFiles();
    silent.dispose();
    const quiet = new RunMonitor(source, silent, log);
    quiet.addRoot(watched);
    await quiet.refresh();
    await createRun(real, order(file));
    await until("the run", () => quiet.of(file).length === 1);
    quiet.dispose();
    rmSync(real, { recursive: true });
  });

  test("gives a row the same id every time, so that what is selected stays selected", async () => {
    // A row becomes another one with its first run, on purpose; a run of an earlier test may be noticed in between.
    const ids = async () => (await tree.getChildren()).map((node) => tree.getTreeItem(node).id?.replace(/#runs$/, ""));
    await files.search();
    await runs.refresh();
    const before = await ids();
    await files.search();
    await runs.refresh();
    assert.deepEqual(await ids(), before);
    assert.equal(new Set(before).size, before.length);
  });
});

function order(experimentFile: string) {
  return { experimentFile, config: "", name: "tree", balancer: "equal", seed: 0, overrides: [], version: "0" };
}

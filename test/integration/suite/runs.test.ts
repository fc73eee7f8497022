import assert from "node:assert/strict";
import { setup, suite, teardown, test } from "mocha";
import * as vscode from "vscode";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { RunRegistry } from "../../../src/runs/registry.ts";
import { closeAll, experimentText, folder, until, writeExperiment } from "./workspace.ts";

/** More epochs than any test waits for. */
const endless = 1_000_000;
const registry = new RunRegistry();

suite("runs", function () {
  this.timeout(120_000);

  setup(async () => {
    await vscode.extensions.getExtension("taskscope.taskscope")?.activate();
  });
  teardown(async () => {
    await vscode.commands.executeCommand("taskscope.stopAll");
    await closeAll();
  });

  test("start from the command, train in a process of their own, and complete with metrics", async () => {
    const file = writeExperiment("runs", "short", experimentText({ name: "short" }));
    await vscode.commands.executeCommand("taskscope.run", file);
    const run = await ended(file);
    assert.equal(run.status, "completed", run.reason ?? "");
    assert.deepEqual(Object.keys(run.result?.metrics.test ?? {}), ["side", "height"]);
  });

  test("open the dashboard of their experiment, once", async () => {
    const file = writeExperiment("runs", "panel", experimentText({ name: "panel" }));
    await vscode.commands.executeCommand("taskscope.run", file);
    await until("the dashboard", () => dashboards().includes("panel"));
    await vscode.commands.executeCommand("taskscope.openDashboard", file);
    assert.deepEqual(dashboards(), ["panel"]);
    await ended(file);
  });

  test("stop when they are asked to, with a terminal row", async () => {
    const file = writeExperiment("runs", "stopped", experimentText({ name: "stopped", epochs: endless }));
    await vscode.commands.executeCommand("taskscope.run", file);
    const running = await until("steps", () => newest(file)?.status === "running" && (newest(file)?.step ?? 0) > 0 && newest(file), 60_000);
    await vscode.commands.executeCommand("taskscope.stop", file);
    const run = await ended(file);
    assert.equal(run.status, "stopped");
    assert.equal(run.id, running.id);
    assert.ok(run.step > 0);
  });

  test("whose trainer is killed are seen as crashed within 5 seconds", async () => {
    const file = writeExperiment("runs", "killed", experimentText({ name: "killed", epochs: endless }));
    await vscode.commands.executeCommand("taskscope.run", file);
    const running = await until("steps", () => newest(file)?.status === "running" && newest(file), 60_000);
    assert.ok(running.owner);
    process.kill(running.owner.pid, "SIGKILL");
    const crashed = await until("the crash to be seen", () => newest(file)?.status === "crashed" && newest(file), 5000);
    assert.match(crashed.reason ?? "", /trainer/);
  });

  test("are not started from a file with errors", async () => {
    const file = writeExperiment("runs", "wrong", experimentText({ name: "wrong", balancer: "nothing-like-that" }));
    // The message that says so waits for an answer, and so does the command.
    void vscode.commands.executeCommand("taskscope.run", file);
    await until("the file to be shown", () => vscode.window.activeTextEditor?.document.uri.fsPath === file.fsPath);
    assert.equal(newest(file), undefined);
  });
});

/** Runs of one file, as any reader sees them. */
function newest(file: vscode.Uri): RunSummary | undefined {
  for (const entry of registry.list(folder)) {
    if (entry.kind === "run" && entry.summary.experimentFile === file.fsPath) return entry.summary;
  }
  return undefined;
}

async function ended(file: vscode.Uri): Promise<RunSummary> {
  return until("the end of the run", () => newest(file)?.endedAt !== null && newest(file), 60_000);
}

function dashboards(): string[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) =>
    tabs.flatMap(({ input, label }) =>
      input instanceof vscode.TabInputWebview && input.viewType.includes("taskscope.dashboard") ? [label] : [],
    ),
  );
}

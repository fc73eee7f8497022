import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isSame } from "../../../src/runs/process/process-identity.ts";
import { startTrainer, TrainerStartError } from "../../../src/runs/process/start-trainer.ts";
import { readEntry } from "../../../src/runs/registry.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { TemporaryWorkspace } from "../runs/temporary-run.ts";
import { ExampleWorkspace, jsonLine, trainer, until } from "./command.ts";

const ended = ({ status }: RunSummary): boolean => ["completed", "stopped", "failed", "crashed"].includes(status);

describe("a run", () => {
  test("outlives the command that started it, is listed, and stops after its step when asked", async () => {
    await using workspace = new ExampleWorkspace();
    const started = await workspace.endless();
    const list: unknown = JSON.parse((await workspace.taskscope("list", "--json")).stdout);
    expect(list).toMatchObject([{ run: started.id, name: "penguins", status: "running", pid: started.owner?.pid }]);

    const stop = await workspace.taskscope("stop", started.id.slice(0, 20), "--json");
    expect([stop.code, jsonLine(stop.stdout)]).toMatchObject([0, { run: started.id, status: "stopped" }]);
    const { run } = workspace;
    expect(run).toMatchObject({ status: "stopped", reason: "Stopped on request." });
    expect(Object.keys(run.result?.dominance.trunk ?? {})).toEqual(["species", "sex", "mass"]);
    expect(existsSync(join(run.folder, "checkpoints", `step-${run.step}`))).toBe(true);
    expect(existsSync(join(run.folder, ".reserve"))).toBe(false);
    await until(
      "its process is gone",
      () => (run.owner === null ? "gone" : isSame(run.owner)),
      (liveness) => liveness === "gone",
    );
    expect((await workspace.taskscope("stop", run.id)).stderr).toContain("already ended");
  });

  test("--now ends its process at once, and says so", async () => {
    await using workspace = new ExampleWorkspace();
    const { id, owner } = await workspace.endless();
    expect((await workspace.taskscope("stop", id, "--now")).code).toBe(0);
    expect(owner === null ? "gone" : isSame(owner)).toBe("gone");
    expect(workspace.run).toMatchObject({ status: "stopped", reason: "Ended at once, on request." });
  });

  test("is shown as crashed when its trainer was killed, with everything that was shown before", async () => {
    await using workspace = new ExampleWorkspace();
    const { owner } = await workspace.endless();
    using reader = workspace.reader();
    const seen = await until(
      "a hundred points",
      () => reader.points("loss/mass"),
      ({ steps }) => steps.length >= 100,
    );
    process.kill(owner?.pid ?? 0, "SIGKILL");
    const killedAt = Date.now();
    const run = await until("it is shown as crashed", () => workspace.run, ended, 5_000);
    expect(run).toMatchObject({ status: "crashed", reason: expect.stringContaining("killed") as unknown });
    const kept = reader.points("loss/mass");
    expect(kept.values.subarray(0, seen.values.length)).toEqual(seen.values);
    expect(run.heartbeatAt ?? 0).toBeGreaterThan(killedAt - 3_000);
    const shown = await workspace.taskscope("show", run.id, "--json");
    expect(jsonLine(shown.stdout)).toMatchObject({ status: "crashed", step: run.step });
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s ends it after its step", async (signal) => {
    await using workspace = new ExampleWorkspace();
    const { owner } = await workspace.endless();
    process.kill(owner?.pid ?? 0, signal);
    const run = await until("it has ended", () => workspace.run, ended);
    expect(run.status).toBe("stopped");
  });

  test("SIGHUP, a closed terminal, does not end it", async () => {
    await using workspace = new ExampleWorkspace();
    const { owner, step } = await workspace.endless();
    process.kill(owner?.pid ?? 0, "SIGHUP");
    const run = await until(
      "it has gone on",
      () => workspace.run,
      (now) => now.step > step + 20 || ended(now),
    );
    expect(run.status).toBe("running");
  });

  test("Ctrl-C at the command ends it after its step, with exit code 130", async () => {
    await using workspace = new ExampleWorkspace();
    const { child, ended: outcome } = workspace.start(
      "run",
      "examples/penguins.mtl.yaml",
      "--set",
      "training.epochs=1000000",
      "--backend",
      "wasm",
      "--json",
    );
    await until(
      "there is a run",
      () => readdirSync(join(workspace.root, ".taskscope")),
      (names) => names.includes("runs"),
    );
    await until(
      "it trains",
      () => (readdirSync(join(workspace.root, ".taskscope/runs")).some((name) => !name.startsWith(".")) ? workspace.run.step : 0),
      (step) => step > 0,
    );
    child.kill("SIGINT");
    const { code, stdout } = await outcome;
    expect([code, jsonLine(stdout)]).toMatchObject([130, { status: "stopped" }]);
  });

  test("fails with a reason for people, and the stack in its log", async () => {
    await using workspace = new ExampleWorkspace();
    const { code, stdout } = await workspace.taskscope(
      "run",
      "examples/penguins.mtl.yaml",
      "--backend",
      "wasm",
      "--json",
      "--set",
      "optimizer={sgd: {learningRate: 100}}",
      "--set",
      "training.onNonFinite=throw",
    );
    expect([code, jsonLine(stdout)]).toMatchObject([1, { status: "failed" }]);
    const { reason, folder } = workspace.run;
    expect(reason).not.toMatch(/\n|\bat /);
    expect(readFileSync(join(folder, "trainer.log"), "utf8")).toMatch(/\n {4}at /);
  });
});

describe("a trainer that cannot begin", () => {
  test("because there is no such program, fails the run with that reason", async () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    await expect(startTrainer(folder, { entry: trainer, execPath: "/nowhere/node" })).rejects.toThrow(TrainerStartError);
    using reader = RunReader.open(folder);
    expect(reader.summary()).toMatchObject({ status: "failed", reason: expect.stringContaining("/nowhere/node") as unknown });
  });

  test("because it ends at once, is shown as crashed within seconds", async () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    await startTrainer(folder, { entry: "/nowhere/trainer.cjs", execPath: process.execPath });
    const entry = await until(
      "it has ended",
      () => readEntry(folder),
      (now) => now.kind === "run" && ended(now.summary),
      10_000,
    );
    expect(entry).toMatchObject({ summary: { status: "crashed", reason: expect.stringContaining("trainer.log") as unknown } });
    expect(readFileSync(join(folder, "trainer.log"), "utf8")).toContain("/nowhere/trainer.cjs");
  });

  test("because the experiment in its folder has errors, fails with the line", async () => {
    using workspace = new TemporaryWorkspace();
    const folder = await workspace.run("broken");
    await startTrainer(folder, { entry: trainer, execPath: process.execPath });
    const entry = await until(
      "it has ended",
      () => readEntry(folder),
      (now) => now.kind === "run" && ended(now.summary),
    );
    expect(entry).toMatchObject({ summary: { status: "failed", reason: expect.stringContaining("Line ") as unknown } });
  });
});

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { startTrainer } from "../../../src/runs/process/start-trainer.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { TemporaryWorkspace } from "../runs/temporary-run.ts";
import { until } from "./command.ts";

const program = (name: string) => ({ entry: join(import.meta.dirname, name), execPath: process.execPath });
/** More than twice what one statement waits for a lock: the second try fails too. */
const lockMs = 11_500;

test("a lock of many seconds at the end of a run costs nothing that was recorded, described or noted", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const { pid } = await startTrainer(folder, program("ending-trainer.ts"));
  const summary = await whileLocked(
    folder,
    async () => {
      process.kill(pid, "SIGUSR2");
      await setTimeout(lockMs);
    },
    (run) => run.heartbeatAt !== null && run.step === 0,
  );
  expect(summary).toMatchObject({
    status: "completed",
    reason: null,
    step: 99,
    versions: { backend: "none 1" },
    description: { totalSteps: 100 },
  });
  using reader = RunReader.open(folder);
  expect([...reader.points("loss/a").steps]).toEqual(Array.from({ length: 100 }, (_, step) => step));
  expect(reader.events()).toMatchObject([{ message: "done" }]);
});

test("a lock at the start neither fails the run nor loses its trainer", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const holder = await lock(folder);
  const started = startTrainer(folder, program("ending-trainer.ts"));
  await setTimeout(lockMs);
  await release(holder);
  const { pid } = await started;
  using reader = RunReader.open(folder);
  await until(
    "its trainer owns it",
    () => reader.summary(),
    (run) => run.owner?.pid === pid && run.heartbeatAt !== null,
  );
  process.kill(pid, "SIGUSR2");
  const run = await until(
    "it has ended",
    () => reader.summary(),
    ({ endedAt }) => endedAt !== null,
  );
  expect(run).toMatchObject({ status: "completed", reason: null });
});

test("a store's thread that died makes the end fail with a reason, and nobody waits for it", async () => {
  using workspace = new TemporaryWorkspace();
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, "dying-trainer.ts"), workspace.bareRun()], {
    timeout: 20_000,
  });
  const reason = "The thread that keeps the run's store has ended before the run.";
  expect(JSON.parse(stdout)).toEqual({ failure: reason, stop: true, message: reason });
});

/** Locks the store of a run once it is as it should be, until `action` is done; gives the run at its end. */
async function whileLocked(folder: string, action: () => Promise<void>, ready: (run: RunSummary) => boolean): Promise<RunSummary> {
  using reader = RunReader.open(folder);
  await until("it is ready", () => reader.summary(), ready);
  const holder = await lock(folder);
  await action();
  expect(reader.summary().endedAt).toBeNull();
  await release(holder);
  return await until(
    "it has ended",
    () => reader.summary(),
    ({ endedAt }) => endedAt !== null,
  );
}

async function lock(folder: string): Promise<ChildProcess> {
  const holder = spawn(process.execPath, [join(import.meta.dirname, "lock-holder.ts"), join(folder, "run.sqlite")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  return holder;
}

async function release(holder: ChildProcess): Promise<void> {
  holder.stdin?.end();
  await once(holder, "exit");
}

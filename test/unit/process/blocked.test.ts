import { join } from "node:path";
import { expect, test } from "vitest";
import { startTrainer } from "../../../src/runs/process/start-trainer.ts";
import { requestStop } from "../../../src/runs/process/stop.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { TemporaryWorkspace } from "../runs/temporary-run.ts";
import { until } from "./command.ts";

test("while an operation blocks the training, points reach the disk, the heart beats, requests are heard, and a kill takes nothing", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const { pid } = await startTrainer(folder, { entry: join(import.meta.dirname, "blocked-trainer.ts"), execPath: process.execPath });
  try {
    using reader = RunReader.open(folder);
    const points = await until(
      "the points are there",
      () => reader.points("loss/a"),
      ({ steps }) => steps.length === 100,
    );
    expect([...points.values]).toEqual(Array.from({ length: 100 }, (_, i) => i));
    const before = reader.summary().heartbeatAt ?? 0;
    await until(
      "the heart has beaten twice",
      () => reader.summary().heartbeatAt ?? 0,
      (at) => at > before + 1_500,
    );
    requestStop(folder);
    await until(
      "the request was heard",
      () => reader.summary().status,
      (status) => status === "stopping",
    );
    await until(
      "the answer is on the disk",
      () => reader.latest("loss/a")?.value,
      (value) => value === -1,
    );
    process.kill(pid, "SIGKILL");
    await until(
      "the kill was noticed",
      () => reader.summary().status,
      (status) => status === "crashed",
      5_000,
    );
    expect(reader.points("loss/a").steps.length).toBe(101);
  } finally {
    end(pid);
  }
});

// A stalled machine may take longer between two steps of the trainer than it may lose; hence more than one try.
test("a kill takes at most the last quarter of a second", { retry: 4 }, async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const { pid } = await startTrainer(folder, { entry: join(import.meta.dirname, "steady-trainer.ts"), execPath: process.execPath });
  try {
    using reader = RunReader.open(folder);
    await until(
      "it records",
      () => reader.seriesList()[0]?.points ?? 0,
      (points) => points > 50,
    );
    // Seen right after a commit; kill well between two that were too far apart.
    const seenAt = Date.now();
    await until(
      "there was time for more",
      () => Date.now() - seenAt,
      (passed) => passed > 600,
    );
    const killedAt = Date.now();
    process.kill(pid, "SIGKILL");
    await until(
      "it is gone",
      () => reader.summary().status,
      (status) => status === "crashed",
      5_000,
    );
    expect(reader.latest("time")?.value).toBeGreaterThan(killedAt - 250);
    const { steps } = reader.points("time");
    expect([...steps]).toEqual(Array.from(steps, (_, i) => i));
  } finally {
    end(pid);
  }
});

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Usually it is gone already.
  }
}

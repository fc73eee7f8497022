import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { runFiles } from "../../../src/runs/contract.ts";
import { identityOf } from "../../../src/runs/process/process-identity.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { Recording } from "../../../src/trainer/recording.ts";
import { TemporaryWorkspace } from "../runs/temporary-run.ts";
import { until } from "./command.ts";

const completed = { status: "completed", reason: null, result: null } as const;

function startIn(folder: string): Promise<Recording> {
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new Error("this process has no identity");
  return Recording.start({ entry: join(import.meta.dirname, "../../../src/trainer/main.ts"), folder, owner, log: () => undefined });
}

test("a store that is locked while more points come than any ring has room for loses none of them, and none of their order", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const recording = await startIn(folder);
  recording.scalar("loss/a", 0, 0);
  recording.progress(0, 0);
  using reader = RunReader.open(folder);
  await until("the first point is there", () => reader.points("loss/a").steps.length, (points) => points === 1); // prettier-ignore
  const holder = new DatabaseSync(join(folder, runFiles.store));
  const steps = 100_000;
  try {
    holder.exec("BEGIN IMMEDIATE");
    // Beyond the next look of the store's thread, which then waits for the lock.
    recording.scalar("loss/a", 1, 1);
    await setTimeout(300);
    for (let step = 2; step < steps; step++) {
      recording.scalar("loss/a", step, step);
      if (step % 100 === 0) recording.vector("shares", step, Float32Array.of(step, 0.5, 0.25));
      if (step % 10_000 === 0) recording.event({ kind: "note", step, at: step, message: `step ${step}` });
      recording.progress(step, step / 1000);
    }
  } finally {
    holder.exec("ROLLBACK");
    holder.close();
  }
  await recording.end(completed);
  expect(reader.summary()).toMatchObject({ status: "completed", reason: null, step: steps - 1, epoch: (steps - 1) / 1000 });
  const points = reader.points("loss/a");
  expect(points.steps).toEqual(Float64Array.from({ length: steps }, (_, step) => step));
  expect(points.values).toEqual(points.steps);
  const shares = reader.vectors("shares");
  const hundreds = Array.from({ length: 999 }, (_, i) => 100 * (i + 1));
  expect([...(shares?.steps ?? [])]).toEqual(hundreds);
  expect([...(shares?.values ?? [])]).toEqual(hundreds.flatMap((step) => [step, 0.5, 0.25]));
  expect(reader.events().map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((k) => 10_000 * k));
});

test("values that are not finite are kept as they are", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const recording = await startIn(folder);
  const values = [Number.NaN, Infinity, -Infinity, -0, 1e-310];
  values.forEach((value, step) => recording.scalar("loss/a", step, value));
  recording.vector("shares", 3, Float32Array.of(Number.NaN, -Infinity));
  recording.vector("alone", 3, Float32Array.of(0.5));
  recording.scalar("alone", 4, 0.75);
  await recording.end(completed);
  using reader = RunReader.open(folder);
  expect([...reader.points("loss/a").values]).toEqual(values);
  expect([...(reader.vectors("shares")?.values ?? [])]).toEqual([Number.NaN, -Infinity]);
  expect([...reader.points("alone").values]).toEqual([0.5, 0.75]);
});

test("a series whose width changes fails the run with both widths; what came before is kept", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const recording = await startIn(folder);
  recording.vector("shares", 1, Float32Array.of(1, 2));
  recording.scalar("loss/a", 1, 3);
  recording.vector("shares", 2, Float32Array.of(1, 2, 3));
  const reason = 'The series "shares" holds 2 numbers a step, and was given 3.';
  expect(await until("the failure is told", () => recording.failure, (failure) => failure !== undefined)).toBe(reason); // prettier-ignore
  expect(recording.stopRequested()).toBe(true);
  for (let step = 3; step < 100_000; step++) recording.scalar("loss/a", step, step);
  await recording.end(completed);
  using reader = RunReader.open(folder);
  expect(reader.summary()).toMatchObject({ status: "failed", reason });
  expect([...(reader.vectors("shares")?.values ?? [])]).toEqual([1, 2]);
  expect([...reader.points("loss/a").values]).toEqual([3]);
});

import { fc, test as law } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { TemporaryWorkspace } from "./temporary-run.ts";

const steps = 2600;

/** What a step of a made-up training records; some of it begins late. */
function record(writer: RunWriter, step: number): void {
  writer.scalar("loss/a", step, Math.sin(step));
  if (step % 2 === 0)
    writer.vector(
      "histogram",
      step,
      Float32Array.from({ length: 20 }, (_, i) => step * i),
    );
  if (step % 100 === 0) {
    writer.scalar("metric/validation/a/accuracy", step, step / steps);
    writer.snapshot(step, step / 100, { parameter: "k", shares: Uint8Array.of(step % 256) });
    writer.event({ kind: "note", step, at: 0, message: `epoch ${step / 100}` });
  }
  if (step > 2000) writer.scalar("late", step, step);
  writer.progress(step, step / 100);
}

function train(folder: string, from: number, to: number, commitEvery: number, resumeAt?: number): void {
  const writer = RunWriter.open(folder);
  if (resumeAt !== undefined) {
    writer.continueAt(resumeAt);
    writer.resume(resumeAt / 100, 0);
  }
  for (let step = from; step <= to; step++) {
    record(writer, step);
    if (step % commitEvery === 0) writer.commit(step);
  }
  writer.commit(to);
  writer.close();
}

function recordedIn(folder: string): unknown {
  using reader = RunReader.open(folder);
  return {
    series: reader.seriesList().map((info) => [info, info.width === 1 ? reader.points(info.name) : reader.vectors(info.name)]),
    windows: reader.window("loss/a", -Infinity, Infinity, 10),
    events: reader.events().flatMap(({ kind, step, message }) => (kind === "note" ? [[step, message]] : [])),
    snapshots: reader.snapshots().map(({ parameter, step }) => [step, reader.snapshot(parameter, step)?.map.shares]),
    latest: reader.summary().latest,
    step: reader.summary().step,
  };
}

describe("a store that is taken up after an earlier step", () => {
  law.prop(
    [
      fc.oneof(fc.integer({ min: 0, max: steps }), fc.constantFrom(1023, 1024, 1025, 2047, 2048)),
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 1, max: 300 }),
    ],
    { numRuns: 30 },
  )("holds in the end what one would that never stopped", (at, further, commitEvery) => {
    using workspace = new TemporaryWorkspace();
    const whole = workspace.bareRun("whole");
    train(whole, 1, steps, 97);
    const parts = workspace.bareRun("parts");
    train(parts, 1, Math.min(steps, at + further), 89);
    train(parts, at + 1, steps, commitEvery, at);
    expect(recordedIn(parts)).toEqual(recordedIn(whole));
  });

  law("keeps all that it held until the training has come to that step again", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    train(folder, 1, 1500, 50);
    const before = recordedIn(folder);
    const writer = RunWriter.open(folder);
    writer.continueAt(700);
    writer.commit(1);
    writer.end({ status: "failed", reason: "its checkpoint does not fit", result: null }, 2);
    writer.close();
    expect(recordedIn(folder)).toEqual(before);
  });
});

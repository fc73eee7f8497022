import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import { train, type TrainingRequest } from "../../../src/training/train.ts";
import { ListRecorder, neverStop, syntheticExperiment } from "./synthetic.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-train-"));
  const stream = new RandomStreams(2).get("rows");
  const rows = Array.from({ length: 90 }, (_, i) => {
    const [a, b, c, d] = [stream.normal(), stream.normal(), stream.normal(), stream.normal()];
    return [a, b, c, d, a > b ? "left" : "right", i % 7 === 0 ? "" : 50 + 10 * (a + c)].join(",");
  });
  writeFileSync(join(folder, "synthetic.csv"), ["a,b,c,d,kind,size", ...rows].join("\n"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function request(checkpoints: string, changes: Record<string, unknown> = {}, resumeFrom?: string): TrainingRequest {
  const checkpointFolder = join(folder, checkpoints);
  const experiment = syntheticExperiment({ training: { epochs: 4, batchSize: 16, backend: "wasm" }, ...changes });
  return {
    experiment,
    baseFolder: folder,
    checkpointFolder,
    ...(resumeFrom === undefined ? {} : { resumeFrom: join(checkpointFolder, resumeFrom) }),
  };
}

test("an experiment is trained from its file to its result, and a stopped one goes on as if nothing had been", async () => {
  const whole = new ListRecorder();
  const end = await train(request("whole"), whole, neverStop);
  expect(end.kind).toBe("completed");
  expect(end.result.metrics.test?.["size"]?.["rmse"]).toBeGreaterThan(0);
  expect(whole.description).toMatchObject({ backend: "wasm", ownership: "attributed", stepsPerEpoch: 4, totalSteps: 16, epochs: 4 });

  const first = new ListRecorder();
  const stopped = await train(request("parts"), first, { stopRequested: () => first.steps === 7, takeCheckpointRequest: () => false });
  expect(stopped.kind).toBe("stopped");
  const second = new ListRecorder();
  expect(await train(request("parts", {}, "step-7"), second, neverStop)).toEqual(end);
  const joined = Object.fromEntries(
    Object.keys(whole.numbers()).map((name) => [name, [...(first.points.get(name) ?? []), ...(second.points.get(name) ?? [])]]),
  );
  expect(joined).toEqual(whole.numbers());
});

test("a checkpoint of another method is refused in plain words", async () => {
  const recorder = new ListRecorder();
  await train(request("parts"), recorder, { stopRequested: () => recorder.steps === 2, takeCheckpointRequest: () => false });
  await expect(train(request("parts", { balancer: "mgda" }, "step-2"), new ListRecorder(), neverStop)).rejects.toThrow(
    /does not belong to the experiment: it was made with the balancer equal/,
  );
  const wider = { model: { trunk: [{ dense: { units: 9 } }, { dense: { units: 6 } }] } };
  await expect(train(request("parts", wider, "step-2"), new ListRecorder(), neverStop)).rejects.toThrow(
    /weight\/dense1\.kernel has 32 numbers/,
  );
});

test("a method and an optimizer that do not fit are refused before the first step", async () => {
  await expect(train(request("x", { balancer: "adatask", optimizer: "sgd" }), new ListRecorder(), neverStop)).rejects.toThrow(
    /AdaTask works with adam, adamw, rmsprop, adagrad, not with sgd/,
  );
});

test.each(["equal", "uncertainty", "mgda", "adatask"])("one task alone trains with %s", async (balancer) => {
  const recorder = new ListRecorder();
  const end = await train(
    request("one", { balancer, tasks: { kind: { kind: "classification" } }, optimizer: { adam: { learningRate: 0.02 } } }),
    recorder,
    neverStop,
  );
  expect(recorder.last("loss/kind")).toBeLessThan(recorder.points.get("loss/kind")?.[0]?.values[0] ?? 0);
  expect(recorder.last("direction-norm")).toBeGreaterThan(0);
  expect(end.result.dominance).toEqual({ trunk: {}, parameters: {} });
});

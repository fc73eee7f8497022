import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { experimentSchema } from "../../../src/experiment/schema.ts";
import { readCheckpoint } from "../../../src/training/checkpoint.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import { train, type TrainingRequest } from "../../../src/training/train.ts";
import { ListRecorder, neverStop } from "./synthetic.ts";

const cities = ["Aachen", "Bonn", "Celle", "Dortmund", "Essen"];
const rowCount = 60_000;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-tables-"));
  const stream = new RandomStreams(3).get("rows");
  const rows = Array.from({ length: rowCount }, (_, row) => {
    const [city, noise, date] = [stream.below(cities.length), stream.normal(), new Date(Date.UTC(2001, 0, 1) + row * 3_600_000)];
    // Digits enough that the rows need more than a mebibyte.
    return [date.toISOString().slice(0, 16), cities[city], noise, city * 10 + noise, city < 2 ? "west" : "east"].join(",");
  });
  writeFileSync(join(folder, "cities.csv"), ["when,city,noise,size,side", ...rows].join("\n"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function request(checkpoints: string, resumeFrom?: string): TrainingRequest {
  const checkpointFolder = join(folder, checkpoints);
  const experiment = experimentSchema.parse({
    name: "cities",
    data: {
      file: "cities.csv",
      inputs: [{ column: "city", encode: "embedding", size: 3 }, "noise", { column: "when", encode: ["weekday", "hour"] }],
      memory: 1,
    },
    tasks: { size: { kind: "regression" }, side: { kind: "classification" } },
    model: { trunk: [{ dense: { units: 8, activation: "tanh" } }] },
    optimizer: { adam: { learningRate: 0.02 } },
    training: { epochs: 1, batchSize: 500, seed: 1 },
    track: { every: 20 },
  });
  return {
    experiment,
    baseFolder: folder,
    checkpointFolder,
    ...(resumeFrom === undefined ? {} : { resumeFrom: join(checkpointFolder, resumeFrom) }),
  };
}

test(
  "rows from a file are trained on, resumed in the middle of a window, and embeddings are shared parameters like others",
  { timeout: 60_000 },
  async () => {
    const whole = new ListRecorder();
    const end = await train(request("whole"), whole, neverStop);
    expect(end.result.metrics.test?.["side"]?.["accuracy"]).toBeGreaterThan(0.99);
    expect(end.result.metrics.test?.["size"]?.["r2"]).toBeGreaterThan(0.95);

    const vectors = whole.description?.parameters.find(({ name }) => name === "input.city.embeddings");
    expect(vectors).toMatchObject({ shape: [cities.length + 1, 3], reach: "common", tasks: ["size", "side"] });
    expect(Object.keys(end.result.dominance.parameters)).toContain("input.city.embeddings");
    const weights = readCheckpoint(join(folder, "whole", `step-${whole.steps}`)).arrays.get("weight/input.city.embeddings");
    // No training row has the category (other).
    expect(weights?.subarray(3 * cities.length)).toEqual(new Float32Array(3));
    expect(weights?.subarray(0, 3 * cities.length).every((weight) => weight !== 0)).toBe(true);

    const first = new ListRecorder();
    const stopped = await train(request("parts"), first, { stopRequested: () => first.steps === 33, takeCheckpointRequest: () => false });
    expect(stopped.kind).toBe("stopped");
    const { values } = readCheckpoint(join(folder, "parts", "step-33"));
    // The order is that of windows: a few numbers, not one for every row.
    expect(values["feeds"]).toEqual([{ numbers: expect.objectContaining({ done: 33 * 500, rows: 42_000 }) as unknown, arrays: [] }]);
    const second = new ListRecorder();
    expect(await train(request("parts", "step-33"), second, neverStop)).toEqual(end);
    const joined = Object.fromEntries(
      Object.keys(whole.numbers()).map((name) => [name, [...(first.points.get(name) ?? []), ...(second.points.get(name) ?? [])]]),
    );
    expect(joined).toEqual(whole.numbers());
  },
);

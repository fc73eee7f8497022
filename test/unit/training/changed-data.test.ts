import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { train } from "../../../src/training/train.ts";
import { savedOrder } from "../../../src/training/data/batch-order.ts";
import { FileRecord, someNames } from "../../../src/training/data/file-record.ts";
import { arrayExperiment } from "./data/arrays/array-experiment.ts";
import { labelFile, writePhotos } from "./data/images/digit-photos.ts";
import { smallTable } from "./data/folder.ts";
import { ListRecorder, neverStop } from "./synthetic.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-changed-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const table = arrayExperiment(
  { file: "rows.csv", inputs: ["x"] },
  { kind: { kind: "classification" }, y: { kind: "regression" } },
  { model: { trunk: [{ dense: { units: 4 } }] }, training: { epochs: 2, batchSize: 16 } },
);

async function stoppedAfter(steps: number): Promise<string> {
  writeFileSync(join(folder, "rows.csv"), smallTable(90));
  const recorder = new ListRecorder();
  await train(request(), recorder, { stopRequested: () => recorder.steps === steps, takeCheckpointRequest: () => false });
  return join(folder, "checkpoints", `step-${steps}`);
}

function request(resumeFrom?: string) {
  const resumed = resumeFrom === undefined ? {} : { resumeFrom };
  return { experiment: table, baseFolder: folder, checkpointFolder: join(folder, "checkpoints"), ...resumed };
}

function warnings({ events }: ListRecorder): readonly string[] {
  return events.filter(({ kind }) => kind === "warning").map(({ message }) => message);
}

describe("a run that is resumed", () => {
  test("says which of its data files changed, and goes on where it can", async () => {
    const checkpoint = await stoppedAfter(3);
    writeFileSync(join(folder, "rows.csv"), smallTable(90).replace("\n5,b,11\n", "\n6,b,11\n"));
    const recorder = new ListRecorder();
    expect((await train(request(checkpoint), recorder, neverStop)).kind).toBe("completed");
    expect(warnings(recorder)).toEqual([
      expect.stringMatching(/^rows\.csv changed since the run began; it goes on with what is there now/),
    ]);
    expect(recorder.events[0]).toMatchObject({ kind: "warning", step: 3 });
  });

  test("says nothing of a file that was only written anew", async () => {
    const checkpoint = await stoppedAfter(3);
    utimesSync(join(folder, "rows.csv"), 1, 1);
    const recorder = new ListRecorder();
    await train(request(checkpoint), recorder, neverStop);
    expect(warnings(recorder)).toEqual([]);
  });

  test.each([
    ["has more rows", smallTable(120), /saved order is for/],
    ["has another class", smallTable(90).replaceAll(/\n(\d*1),b/g, "\n$1,c"), /kind\.output\.kernel has \d+ numbers/],
  ])("names the data file where it %s and the checkpoint does not fit any more", async (_, content, reason) => {
    const checkpoint = await stoppedAfter(3);
    writeFileSync(join(folder, "rows.csv"), content);
    const error: unknown = await train(request(checkpoint), new ListRecorder(), neverStop).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^rows\.csv changed since the run began, and the run cannot go on with it as now/) as unknown,
    });
    expect(String(error)).toMatch(reason);
  });

  test("says when nobody knows what the data was", async () => {
    const checkpoint = await stoppedAfter(3);
    writeFileSync(join(folder, "checkpoints", "data-files.json"), "{");
    const recorder = new ListRecorder();
    await train(request(checkpoint), recorder, neverStop);
    expect(warnings(recorder)).toEqual([expect.stringMatching(/nobody knows whether it is still the same/)]);
  });
});

test("images of a folder, its labels and arrays are told by name when they changed or are gone", async () => {
  await writePhotos(join(folder, "photos"), 6).then((photos) => {
    writeFileSync(join(folder, "labels.csv"), labelFile(photos));
  });
  writeFileSync(join(folder, "rows.csv"), smallTable(9));
  const image = { column: "file", size: [28, 28], channels: 1 };
  const experiment = arrayExperiment(
    {
      sources: {
        photos: { folder: "photos", labels: "labels.csv", image, tasks: ["digit"] },
        rows: { file: "rows.csv", inputs: ["x"], tasks: ["y"] },
      },
    },
    { digit: { kind: "classification" }, y: { kind: "regression" } },
  );
  const record = await (await FileRecord.take(experiment, folder)).withImages(experiment, folder);
  record.write(folder);
  const read = FileRecord.read(folder);
  expect(await read?.changed(folder)).toEqual([]);
  const [, first = ""] = /\n([^,\n]+),/.exec(readFileSync(join(folder, "labels.csv"), "utf8")) ?? [];
  rmSync(join(folder, "photos", first));
  writeFileSync(join(folder, "rows.csv"), smallTable(8));
  expect(await read?.changed(folder)).toEqual(["rows.csv", `photos/${first}`]);
});

test("an order of windows is not taken for one of no rows", () => {
  expect(() => savedOrder({ numbers: { rows: 90, done: 30 }, arrays: {} })).toThrow(/is of rows that are read from a file/);
});

test("of many names three are told", () => {
  expect(someNames(["a", "b", "c"])).toBe("a, b, c");
  expect(someNames(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more");
});

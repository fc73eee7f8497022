import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import type { RowSource, RowValues } from "../../../src/training/data/dataset.ts";
import { GatheredSource } from "../../../src/training/data/gathered-source.ts";
import { ImageSource } from "../../../src/training/data/images/image-source.ts";
import { PackedRows } from "../../../src/training/data/tables/packed-rows.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import { StepFeed } from "../../../src/training/step-feed.ts";
import { temporaryFolder } from "./data/folder.ts";
import { packedDataset, rowTexts } from "./data/tables/packed.ts";

const folder = temporaryFolder();
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => {
  folder.remove();
});

function stepFeed(source: RowSource, batchSize: number): StepFeed {
  const streams = new RandomStreams(3);
  const feed = source.feed({ batchSize, stream: streams.get("batches") });
  return new StepFeed({ feed, furtherFeeds: [], streams, accumulate: 1, stepsPerEpoch: feed.batches });
}

async function rowsOf(feed: StepFeed, step: number): Promise<string[]> {
  const { own } = await feed.next(step, 0);
  const rows = own.flatMap(rowTexts);
  feed.done();
  return rows;
}

/** The rows of two epochs, a step each; where a step cannot be fetched, it is tried again from what was saved then. */
async function twoEpochs(source: RowSource, batchSize: number): Promise<{ steps: string[][]; failures: number }> {
  let feed = stepFeed(source, batchSize);
  const steps: string[][] = [];
  let failures = 0;
  while (steps.length < 2 * Math.ceil(source.count / batchSize)) {
    try {
      steps.push(await rowsOf(feed, steps.length));
    } catch (error) {
      if (!(error instanceof RangeError && error.message === unreadable)) throw error;
      failures += 1;
      const saved = feed.save();
      feed = stepFeed(source, batchSize);
      await feed.restore(saved);
    }
  }
  return { steps, failures };
}

const unreadable = "These rows cannot be read now.";

/** Puts rows together from their numbers, and fails where it is told to. */
function numbered(failing: number): (rows: Uint32Array) => RowValues {
  let calls = 0;
  return (rows) => {
    if (++calls === failing) throw new RangeError(unreadable);
    return { rows: rows.length, inputs: [Float32Array.from(rows)], targets: [], present: [] };
  };
}

const rowNumbers = Uint32Array.from({ length: 20 }, (_, i) => i);

describe("a step whose batch cannot be had is the first after what is saved", () => {
  test.each([3, 6])("of rows that are put together, at call %i", async (failing) => {
    const source = (at: number): RowSource => new GatheredSource(rowNumbers, numbered(at));
    const { steps, failures } = await twoEpochs(source(failing), 4);
    expect(failures).toBe(1);
    expect(steps).toEqual((await twoEpochs(source(Infinity), 4)).steps);
  });

  test.each([3, 6])("of images that are all there, at call %i", async (failing) => {
    const source = (at: number): RowSource => new ImageSource(rowNumbers, [], 1, numbered(at));
    const { steps, failures } = await twoEpochs(source(failing), 4);
    expect(failures).toBe(1);
    expect(steps).toEqual((await twoEpochs(source(Infinity), 4)).steps);
  });

  // One batch takes rows of several windows of the file, the first of which are there.
  test("of rows that lie in a file", async () => {
    const lines = Array.from({ length: 6000 }, (_, i) => `${i},${Math.sin(i)},${i / 3}`);
    const settings = { inputs: ["x", "z"], tasks: { y: { kind: "regression" } } } as const;
    const data = await packedDataset(folder, `x,z,y\n${lines.join("\n")}\n`, 16 * 1024, settings);
    try {
      const { steps: whole } = await twoEpochs(data.splits.train, 3000);
      const read = PackedRows.prototype.block;
      let blocks = 0;
      const failing = vi.spyOn(PackedRows.prototype, "block").mockImplementation(function (this: PackedRows, index: number) {
        return ++blocks === 30 ? Promise.reject(new RangeError(unreadable)) : read.call(this, index);
      });
      const { steps, failures } = await twoEpochs(data.splits.train, 3000);
      expect(failures).toBe(1);
      expect(failing.mock.calls.length).toBeGreaterThan(30);
      expect(steps).toEqual(whole);
    } finally {
      await data.close();
    }
  });
});

import { afterAll, describe, expect, test } from "vitest";

import { RandomStream } from "../../../../../src/balancers/kernels/random-stream.ts";
import type { BatchFeed, RowSource } from "../../../../../src/training/data/dataset.ts";
import { temporaryFolder } from "../folder.ts";
import { packedDataset, rowTexts } from "./packed.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

const rowCount = 6000;
const lines = Array.from({ length: rowCount }, (_, i) => `${i},${Math.sin(i)},${"abcde"[i % 5] ?? ""},${i % 7 === 0 ? "" : i / 3}`);
const content = `x,z,c,y\n${lines.join("\n")}\n`;
const settings = { inputs: ["x", "z", "c"], tasks: { y: { kind: "regression" }, x: { kind: "regression" } } } as const;

/** Windows of some thousand rows, of blocks of 64: rows take about 20 bytes. */
const little = 64 * 1024;
const plenty = 2 ** 30;

const stream = (): RandomStream => RandomStream.seeded(5, "batches");

async function take(feed: BatchFeed, batches: number): Promise<string[][]> {
  const taken: string[][] = [];
  for (let i = 0; i < batches; i++) taken.push(rowTexts(await feed.next()));
  return taken;
}

async function scanned(source: RowSource): Promise<string[]> {
  const rows: string[] = [];
  for await (const values of source.scan(100)) rows.push(...rowTexts(values));
  return rows;
}

describe("rows that do not fit in memory", () => {
  test("are the same as in memory, in every split and in the same order", async () => {
    await using inMemory = disposable(await packedDataset(folder, content, plenty, settings));
    await using spooled = disposable(await packedDataset(folder, content, little, settings));
    for (const split of ["train", "validation", "test"] as const) {
      const rows = await scanned(spooled.splits[split]);
      expect(rows).toEqual(await scanned(inMemory.splits[split]));
      expect(rows).toHaveLength(spooled.splits[split].count);
    }
  });

  test.each([32, 97, 5000])("come once in each epoch, in batches of %i", async (batchSize) => {
    await using data = disposable(await packedDataset(folder, content, little, settings));
    const { train } = data.splits;
    const all = (await scanned(train)).sort();
    const feed = train.feed({ batchSize, stream: stream() });
    expect(feed.batches).toBe(Math.ceil(train.count / batchSize));
    const epochs = [await take(feed, feed.batches), await take(feed, feed.batches), await take(feed, feed.batches)];
    for (const batches of epochs) {
      expect(batches.slice(0, -1).every((rows) => rows.length === batchSize)).toBe(true);
      expect(batches.flat().sort()).toEqual(all);
    }
    expect(epochs[1]).not.toEqual(epochs[0]);
    expect(epochs[2]).not.toEqual(epochs[1]);
  });

  test("are mixed beyond their neighbours in the file", async () => {
    await using data = disposable(await packedDataset(folder, content, little, settings));
    const feed = data.splits.train.feed({ batchSize: 64, stream: stream() });
    // x is the number of the row, standardised; 64 rows of one block would span a twentieth of it.
    for (let batch = 0; batch < feed.batches - 1; batch++) {
      const { inputs, rows } = await feed.next();
      const [all = new Float32Array()] = inputs;
      const places = Array.from({ length: rows }, (_, row) => all[row * (all.length / rows)] ?? 0);
      expect(Math.max(...places) - Math.min(...places)).toBeGreaterThan(0.5);
    }
  });

  test("have an order that the stream alone decides, whatever else is read", async () => {
    await using data = disposable(await packedDataset(folder, content, little, settings));
    const { train } = data.splits;
    const alone = await take(train.feed({ batchSize: 50, stream: stream() }), 150);
    const [first, second] = [train.feed({ batchSize: 50, stream: stream() }), train.feed({ batchSize: 50, stream: stream() })];
    const together: string[][] = [];
    for (let i = 0; i < 150; i++) {
      together.push(...(await take(first, 1)));
      await take(second, 2);
      if (i % 40 === 0) await scanned(data.splits.validation);
    }
    expect(together).toEqual(alone);
    expect(await take(train.feed({ batchSize: 50, stream: RandomStream.seeded(6, "batches") }), 150)).not.toEqual(alone);
  });

  test.each([0, 1, 37, 84, 85, 120])("go on after %i batches, in the middle of a window, as if nothing had been", async (done) => {
    await using data = disposable(await packedDataset(folder, content, little, settings));
    const { train } = data.splits;
    const whole = stream();
    const feed = train.feed({ batchSize: 50, stream: whole });
    await take(feed, done);
    const [state, streamState] = [structuredClone(feed.save()), whole.save()];
    const rest = await take(feed, 200);

    await using again = disposable(await packedDataset(folder, content, little, settings));
    const restored = stream();
    const other = again.splits.train.feed({ batchSize: 50, stream: restored });
    restored.restore(streamState);
    await other.restore(state);
    expect(await take(other, 200)).toEqual(rest);
    // A few numbers, however many rows there are.
    expect(JSON.stringify(state).length).toBeLessThan(200);
  });

  test("refuse an order that is of other rows, of other windows, or of rows in memory", async () => {
    await using data = disposable(await packedDataset(folder, content, little, settings));
    await using inMemory = disposable(await packedDataset(folder, content, plenty, settings));
    const feed = data.splits.train.feed({ batchSize: 50, stream: stream() });
    await feed.next();
    const other = data.splits.validation.feed({ batchSize: 50, stream: stream() });
    await expect(async () => other.restore(feed.save())).rejects.toThrow(/^The saved order is for 4200 rows, and the data has 900\.$/);
    await using larger = disposable(await packedDataset(folder, content, 2 * little, settings));
    const largerFeed = larger.splits.train.feed({ batchSize: 50, stream: stream() });
    await expect(async () => largerFeed.restore(feed.save())).rejects.toThrow(/other windows/);
    const memoryFeed = inMemory.splits.train.feed({ batchSize: 50, stream: stream() });
    await memoryFeed.next();
    await expect(async () => other.restore(memoryFeed.save())).rejects.toThrow(/rows in memory/);
    await expect(async () => memoryFeed.restore(feed.save())).rejects.toThrow(RangeError);
  });
});

function disposable<T extends { close(): Promise<void> }>(data: T): T & AsyncDisposable {
  return { ...data, [Symbol.asyncDispose]: () => data.close() };
}

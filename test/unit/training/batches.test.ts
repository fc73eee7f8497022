import { fc, test } from "@fast-check/vitest";
import { beforeAll, describe, expect } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import { BatchOrder } from "../../../src/training/data/batch-order.ts";
import { pickRows } from "../../../src/training/data/memory-source.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import { syntheticDataset } from "./synthetic.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

const order = (count: number, batchSize: number, seed = 0): BatchOrder =>
  new BatchOrder(count, batchSize, new RandomStreams(seed).get("batches"));
const epoch = (batches: BatchOrder): number[][] => Array.from({ length: batches.batches }, () => [...batches.next()]);

describe("the order of rows", () => {
  test.prop([fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 60 })])(
    "meets every row once an epoch, in full batches but the last",
    (count, size) => {
      const batches = order(count, size);
      for (let e = 0; e < 3; e++) {
        const met = epoch(batches);
        expect(met.flat().toSorted((a, b) => a - b)).toEqual([...Array(count).keys()]);
        expect(met.slice(0, -1).every((rows) => rows.length === size)).toBe(true);
      }
    },
  );

  test("is another in every epoch and for every seed, and the same for the same seed", () => {
    const batches = order(40, 7);
    const [first, second] = [epoch(batches), epoch(batches)];
    expect(second).not.toEqual(first);
    expect(epoch(order(40, 7))).toEqual(first);
    expect(epoch(order(40, 7, 1))).not.toEqual(first);
  });

  test("goes on from where it was saved", () => {
    const streams = new RandomStreams(5);
    const batches = new BatchOrder(23, 5, streams.get("batches"));
    batches.next();
    batches.next();
    const [saved, states] = [batches.save(), streams.save()];
    const rest = Array.from({ length: 9 }, () => [...batches.next()]);
    const others = new RandomStreams(99);
    const resumed = new BatchOrder(23, 5, others.get("batches"));
    others.restore(states);
    resumed.restore(saved);
    expect(Array.from({ length: 9 }, () => [...resumed.next()])).toEqual(rest);
  });
});

describe("a batch", () => {
  const dataset = syntheticDataset({ gaps: true });
  const { values } = dataset.splits.train;

  test("holds the rows it was asked for, one-hot classes, and weights that sum to one over the labelled rows", () => {
    const rows = [3, 5, 1];
    const { inputs, targets } = makeBatch(dataset, pickRows(values, rows));
    expect([...(inputs[0]?.dataSync() ?? [])]).toEqual(
      rows.flatMap((row) => [...(values.inputs[0] ?? new Float32Array()).subarray(row * 4, row * 4 + 4)]),
    );
    const [kind, size] = targets;
    expect(kind?.target.shape).toEqual([3, 3]);
    const onehot = [...(kind?.target.dataSync() ?? [])];
    rows.forEach((row, i) => {
      expect(onehot.slice(i * 3, i * 3 + 3).indexOf(1)).toBe(values.targets[0]?.[row]);
    });
    // Row 5 has no size.
    expect([...(size?.rowWeight.dataSync() ?? [])]).toEqual([0.5, 0, 0.5]);
    expect(size?.labelled).toBe(2);
  });

  test("has no targets for a task without any label in it", () => {
    const { targets } = makeBatch(dataset, pickRows(values, [0, 5, 10]));
    expect(targets[0]).toBeDefined();
    expect(targets[1]).toBeUndefined();
  });
});

import { fc, test } from "@fast-check/vitest";
import { beforeAll, describe, expect } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import type { TaskTargets } from "../../../src/training/data/dataset.ts";
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

  test("lays each kind's targets out as its loss reads them; what is not known weighs nothing", () => {
    const classes = ["a", "b", "c", "d"];
    const tasks: TaskTargets[] = [
      { id: "ordered", kind: "ordinal", classes, shape: [], numbers: [] },
      { id: "labels", kind: "multi-label", classes: ["x", "y"], shape: [2], numbers: [] },
      { id: "pixels", kind: "segmentation", classes: ["sky", "sea"], shape: [1, 2], numbers: [] },
    ];
    const { targets } = makeBatch(
      { inputs: [], tasks },
      {
        rows: 2,
        inputs: [],
        targets: [Float32Array.of(2, 0), Float32Array.of(1, Number.NaN, 0, 0), Float32Array.of(1, 0, Number.NaN, 1)],
        present: [Uint8Array.of(1, 1), Uint8Array.of(1, 0), Uint8Array.of(1, 1)],
      },
    );
    const numbersOf = (at: number) =>
      [targets[at]?.target, targets[at]?.rowWeight].map((each) => ({ shape: each?.shape, values: [...(each?.dataSync() ?? [])] }));
    expect(numbersOf(0)).toEqual([
      { shape: [2, 3], values: [1, 1, 0, 0, 0, 0] },
      { shape: [2, 1], values: [0.5, 0.5] },
    ]);
    expect(numbersOf(1)).toEqual([
      { shape: [2, 2], values: [1, 0, 0, 0] },
      { shape: [2, 2], values: [1, 0, 0, 0] },
    ]);
    expect(numbersOf(2)).toEqual([
      { shape: [4, 2], values: [0, 1, 1, 0, 0, 0, 0, 1] },
      { shape: [4, 1], values: [0.25, 0.25, 0, 0.5] },
    ]);
  });

  test("shows bad data as a value that is not finite, and does not take it for a label that is not known", () => {
    const task: TaskTargets = { id: "kind", kind: "classification", classes: ["a", "b"], shape: [], numbers: [] };
    const { targets } = makeBatch(
      { inputs: [], tasks: [task] },
      { rows: 1, inputs: [], targets: [Float32Array.of(Number.NaN)], present: [Uint8Array.of(1)] },
    );
    expect([...(targets[0]?.target.dataSync() ?? [])]).toEqual([Number.NaN, Number.NaN]);
  });
});

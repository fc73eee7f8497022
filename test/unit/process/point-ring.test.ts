import { once } from "node:events";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { PointRing, type PointVisitor } from "../../../src/trainer/point-ring.ts";
import { pointAt } from "./ring-points.ts";

type Point = readonly [series: number, step: number, values: readonly number[]];

/** Reads all that is there; series of these widths. */
function read(ring: PointRing, widths: readonly number[]): Point[] {
  const points: Point[] = [];
  const visitor: PointVisitor = {
    width: (series) => widths[series] ?? Number.NaN,
    scalar: (series, step, value) => points.push([series, step, [value]]),
    vector: (series, step, values) => points.push([series, step, [...values]]),
  };
  ring.readTo(ring.mark, visitor);
  return points;
}

test("points are read in the order and to the bit in which they were written, whatever their values", () => {
  const ring = PointRing.of(64);
  const values = [0.1, Number.NaN, Infinity, -Infinity, -0, 5e-324];
  values.forEach((value, step) => expect(ring.write(0, step, value)).toBe(true));
  ring.write(1, 2 ** 40, Float32Array.of(1.5, Number.NaN, -Infinity));
  expect(read(ring, [1, 3])).toEqual([
    ...values.map((value, step): Point => [0, step, [value]]),
    [1, 2 ** 40, [1.5, Number.NaN, -Infinity]],
  ]);
  expect(read(ring, [1, 3])).toEqual([]);
});

test("a full ring refuses a point, keeps what it holds, and takes points again once it was read", () => {
  const ring = PointRing.of(8);
  expect([ring.write(0, 1, 10), ring.write(0, 2, 20), ring.write(0, 3, 30)]).toEqual([true, true, false]);
  expect(ring.write(1, 3, new Float32Array(7))).toBe(false);
  expect(read(ring, [1])).toEqual([[0, 1, [10]], [0, 2, [20]]]); // prettier-ignore
  expect(ring.write(1, 3, Float32Array.of(1, 2, 3, 4, 5, 6))).toBe(true);
  expect(ring.write(0, 4, 40)).toBe(false);
  expect(read(ring, [1, 6])).toEqual([[1, 3, [1, 2, 3, 4, 5, 6]]]);
});

test("the end of its memory, and the end of its counters, are places like others", () => {
  for (const before of [0, 2 ** 31 - 5, -5]) {
    const ring = PointRing.of(16);
    new Int32Array(ring.shared, 0, 2).fill(before);
    for (let step = 0; step < 50; step++) {
      const values = Float32Array.from({ length: 2 + (step % 5) }, (_, i) => step + i);
      expect(ring.write(0, step, -step)).toBe(true);
      expect(ring.write(values.length, step, values)).toBe(true);
      expect(read(ring, [1, 0, 2, 3, 4, 5, 6])).toEqual([[0, step, [-step]], [values.length, step, [...values]]]); // prettier-ignore
    }
  }
});

test("a point whose reading fails is the next that is read, since it was not taken", () => {
  const ring = PointRing.of(16);
  ring.write(0, 1, 10);
  ring.write(0, 2, 20);
  const failing: PointVisitor = {
    width: () => 1,
    scalar: (_, step) => {
      if (step === 2) throw new RangeError("not this one");
    },
    vector: () => undefined,
  };
  expect(() => ring.readTo(ring.mark, failing)).toThrow("not this one");
  expect(read(ring, [1])).toEqual([[0, 2, [20]]]);
});

test("two threads at once: all that one writes, another reads, through a ring that is full most of the time", async () => {
  const ring = PointRing.of(64);
  const points = 50_000;
  const worker = new Worker(join(import.meta.dirname, "ring-reader.ts"), { workerData: [ring.shared, points] });
  try {
    const told = once(worker, "message");
    let refused = 0;
    for (let index = 0; index < points; index++) {
      const { width, value } = pointAt(index);
      while (!ring.write(width, index, width === 1 ? value : new Float32Array(width).fill(value))) {
        refused += 1;
        await setImmediate();
      }
    }
    expect(await told).toEqual(["as written"]);
    expect(refused).toBeGreaterThan(0);
  } finally {
    await worker.terminate();
  }
}, 60_000);

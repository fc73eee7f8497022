import { parentPort, workerData } from "node:worker_threads";
import { PointRing, type PointVisitor } from "../../../src/trainer/point-ring.ts";
import { pointAt } from "./ring-points.ts";

/** Reads the ring that it is given until it has read so many points, and tells the first one that is not what was written. */
const given: unknown = workerData;
if (!Array.isArray(given)) throw new TypeError("The reader was started without a ring.");
const [shared, points] = given as readonly unknown[];
if (!(shared instanceof SharedArrayBuffer) || typeof points !== "number") throw new TypeError("The reader was started without a ring.");
const ring = new PointRing(shared);
let next = 0;
let wrong: string | undefined;
const visitor: PointVisitor = {
  width: (series) => series,
  scalar: (series, step, value) => see(series, step, [value]),
  vector: (series, step, values) => see(series, step, [...values]),
};
while (next < points && wrong === undefined) ring.readTo(ring.mark, visitor);
parentPort?.postMessage(wrong ?? "as written");

function see(series: number, step: number, values: readonly number[]): void {
  const is = JSON.stringify([series, step, values]);
  const { width, value } = pointAt(next);
  const shouldBe = JSON.stringify([width, next, Array.from({ length: width }, () => value)]);
  if (is !== shouldBe) wrong ??= `Point ${next} is ${is}, and was written as ${shouldBe}.`;
  next += 1;
}

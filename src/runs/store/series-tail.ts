import type { DatabaseSync } from "node:sqlite";
import { bounded } from "./bounded-columns.ts";
import { chunkCapacity, float32sOf, float64sOf } from "./chunk.ts";
import type { Columns, Row } from "./sqlite.ts";
import { corrupt } from "./store-error.ts";

/** Where a recorded series ends at some step, and its points that are not in full chunks before that. */
export interface SeriesTail {
  readonly id: number;
  readonly name: string;
  readonly width: number;
  /** Index in the series of the first point below: a whole number of full chunks. */
  readonly start: number;
  readonly firstStep: number;
  readonly lastStep: number;
  readonly steps: Float64Array;
  readonly values: Float64Array | Float32Array;
  /** The last value of a scalar series, wherever it is kept. */
  readonly lastValue: number | undefined;
}

/** The tails of all series as they were after `step`, and the ids of those that had not begun. Throws `RunStoreError`. */
export function tailsAt(
  database: DatabaseSync,
  columns: Columns,
  path: string,
  step: number,
): { readonly kept: readonly SeriesTail[]; readonly begunLater: readonly number[] } {
  const lastChunk = database.prepare(`SELECT ${bounded.chunk} FROM chunk WHERE series = ? AND first_step <= ? ORDER BY start DESC LIMIT 1`);
  const chunksFrom = database.prepare(`SELECT ${bounded.chunk} FROM chunk WHERE series = ? AND start >= ? AND start < ? ORDER BY start`);
  const kept: SeriesTail[] = [];
  const begunLater: number[] = [];
  for (const row of database.prepare(`SELECT ${bounded.series} FROM series ORDER BY id`).all()) {
    const [id, width] = [columns.number(row, "id"), columns.number(row, "width")];
    const stepsOf = (chunk: Row): Float64Array => float64sOf(columns.blob(chunk, "steps"), path);
    const valuesOf = (chunk: Row): Float64Array | Float32Array =>
      width === 1 ? float64sOf(columns.blob(chunk, "data"), path) : float32sOf(columns.blob(chunk, "data"), path);
    const last = lastChunk.get(id, step);
    if (last === undefined) {
      begunLater.push(id);
      continue;
    }
    const inLast = stepsOf(last).findLastIndex((at) => at <= step) + 1;
    const lastStep = stepsOf(last)[inLast - 1];
    if (lastStep === undefined) throw corrupt(path, "a chunk begins before its first step");
    const end = columns.number(last, "start") + inLast;
    const capacity = chunkCapacity(width);
    const start = Math.floor(end / capacity) * capacity;
    const tail = chunksFrom.all(id, start, end);
    const steps = tail.flatMap((chunk) => [...stepsOf(chunk)]).slice(0, end - start);
    const numbers = tail.flatMap((chunk) => [...valuesOf(chunk)]).slice(0, (end - start) * width);
    if (steps.length !== end - start || numbers.length !== steps.length * width) throw corrupt(path, "points of a series are missing");
    kept.push({
      id,
      name: columns.text(row, "name"),
      width,
      start,
      firstStep: columns.number(row, "first_step"),
      lastStep,
      steps: Float64Array.from(steps),
      values: width === 1 ? Float64Array.from(numbers) : Float32Array.from(numbers),
      lastValue: width === 1 ? valuesOf(last)[inLast - 1] : undefined,
    });
  }
  return { kept, begunLater };
}

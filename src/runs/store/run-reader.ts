import type { DatabaseSync, StatementSync } from "node:sqlite";
import { join } from "node:path";
import type { OwnershipMap } from "../../experiment/record.ts";
import {
  type Points,
  type RecordedEvent,
  runFiles,
  type RunSummary,
  type SeriesInfo,
  type SeriesWindow,
  type SnapshotInfo,
  type VectorPoints,
} from "../contract.ts";
import { unpackShares } from "./shares.ts";
import { decideStatus } from "../process/status.ts";
import { livenessOf } from "../process/process-identity.ts";
import { float32sOf, float64sOf, sketchBlock, unpackSketch } from "./chunk.ts";
import { openMigrated } from "./open-store.ts";
import { ColumnReducer, PointList } from "./reduction.ts";
import { bounded } from "./bounded-columns.ts";
import { readEvent } from "./event-row.ts";
import { readRunRow, type RunRow } from "./run-row.ts";
import { Columns, type Row, transaction, translated } from "./sqlite.ts";
import { corrupt } from "./store-error.ts";

/** Chunks of a series that are counted; a thousand million points are fewer. */
const mostChunks = 4_000_000;
/** From this many points for each column on, a long span is drawn from the chunks' sketches. */
const pointsPerColumnForSketches = 4 * sketchBlock;

/**
 * Reads one run, live or ended. Any number of readers, in any process; they never block the trainer. Every method
 * throws `RunStoreError`; a series, snapshot or row that is not there gives an empty or undefined result.
 */
export class RunReader {
  readonly folder: string;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #columns: Columns;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(folder: string, path: string, database: DatabaseSync) {
    this.folder = folder;
    this.#path = path;
    this.#database = database;
    this.#columns = new Columns(path);
  }

  /** Opens the store of a run folder, migrating an older one. Throws `RunStoreError` (missing, foreign, corrupt, newer, …). */
  static open(folder: string): RunReader {
    const path = join(folder, runFiles.store);
    return new RunReader(folder, path, openMigrated(path, "read"));
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The run as it is shown: the recorded row, its status corrected by evidence. `now` in milliseconds since 1970. */
  summary(now: number = Date.now()): RunSummary {
    const { environment: _environment, ...row } = this.row();
    return { ...row, folder: this.folder, ...decideStatus(row, livenessOf(row, now), now) };
  }

  /** The row as it was recorded. */
  row(): RunRow {
    const row = this.#get(`SELECT ${bounded.run} FROM run`);
    if (row === undefined) throw corrupt(this.#path, "it holds no run");
    return readRunRow(row, this.#columns, this.#path);
  }

  /** Changes whenever something was recorded, requested or noted since; equal tokens mean that nothing was. */
  changeToken(): number {
    const row = this.#get("PRAGMA data_version");
    return row === undefined ? 0 : this.#columns.number(row, "data_version");
  }

  /** All series, in the order of their first point. */
  seriesList(): SeriesInfo[] {
    return this.#ordered(`SELECT ${bounded.series} FROM series ORDER BY id`).map((row) => this.#seriesInfo(row));
  }

  /** All points of a scalar series with `from ≤ step ≤ to`. */
  points(name: string, from: number = -Infinity, to: number = Infinity): Points {
    const kept = new PointList();
    this.#consistent(() => {
      const series = this.#series(name, "scalar");
      if (series === undefined) return;
      for (const chunk of this.#chunks(series.id, from, to)) {
        const { steps, values } = within(this.#scalars(chunk), from, to);
        kept.pushAll(steps, values);
      }
    });
    return kept.points();
  }

  /** Points of a scalar series after `step`, up to `to`. */
  after(name: string, step: number, to: number = Infinity): Points {
    return this.points(name, nextAfter(step), to);
  }

  /** The last `count` points of a scalar series, up to `to`, as recorded. */
  tail(name: string, count: number, to: number = Infinity): Points {
    const kept: Points[] = [];
    this.#consistent(() => {
      const series = this.#series(name, "scalar");
      if (series === undefined) return;
      let missing = count;
      const sql = `SELECT ${bounded.chunk} FROM chunk WHERE series = ? AND first_step <= ? ORDER BY start DESC`;
      for (const chunk of this.#statement(sql).iterate(series.id, finite(to))) {
        const { steps, values } = within(this.#scalars(chunk), -Infinity, to);
        kept.unshift({ steps: steps.subarray(-missing), values: values.subarray(-missing) });
        missing -= Math.min(missing, steps.length);
        if (missing === 0) break;
      }
    });
    const all = new PointList();
    for (const { steps, values } of kept) all.pushAll(steps, values);
    return all.points();
  }

  /** The latest point of a scalar series. */
  latest(name: string): { readonly step: number; readonly value: number } | undefined {
    return this.#consistent(() => {
      const series = this.#series(name, "scalar");
      const chunk =
        series === undefined
          ? undefined
          : this.#get(`SELECT ${bounded.chunk} FROM chunk WHERE series = ? ORDER BY start DESC LIMIT 1`, series.id);
      if (chunk === undefined) return undefined;
      const { steps, values } = this.#scalars(chunk);
      const [step, value] = [steps.at(-1), values.at(-1)];
      return step === undefined || value === undefined ? undefined : { step, value };
    });
  }

  /** All rows of a vector series with `from ≤ step ≤ to`; undefined when there is no such series. */
  vectors(name: string, from: number = -Infinity, to: number = Infinity): VectorPoints | undefined {
    return this.#consistent(() => {
      const series = this.#series(name, "any");
      if (series === undefined) return undefined;
      const steps: number[] = [];
      const rows: Float32Array[] = [];
      for (const chunk of this.#chunks(series.id, from, to)) {
        const all = this.#vectorChunk(chunk, series.width);
        all.steps.forEach((step, i) => {
          if (step < from || step > to) return;
          steps.push(step);
          rows.push(all.values.subarray(i * series.width, (i + 1) * series.width));
        });
      }
      const values = new Float32Array(steps.length * series.width);
      rows.forEach((row, i) => values.set(row, i * series.width));
      return { steps: Float64Array.from(steps), width: series.width, values };
    });
  }

  /** The last row of a vector series at or before `step`, or its latest one. */
  vectorAt(
    name: string,
    step: number = Infinity,
  ): { readonly step: number; readonly width: number; readonly values: Float32Array } | undefined {
    return this.#consistent(() => {
      const series = this.#series(name, "any");
      if (series === undefined) return undefined;
      const chunk = this.#get(
        `SELECT ${bounded.chunk} FROM chunk WHERE series = ? AND first_step <= ? ORDER BY start DESC LIMIT 1`,
        series.id,
        finite(step),
      );
      if (chunk === undefined) return undefined;
      const { steps, values } = this.#vectorChunk(chunk, series.width);
      const index = steps.findLastIndex((recorded) => recorded <= step);
      const found = steps[index];
      if (found === undefined) throw corrupt(this.#path, "a chunk begins before its first step");
      return { step: found, width: series.width, values: values.slice(index * series.width, (index + 1) * series.width) };
    });
  }

  /**
   * A span of a scalar series for drawing on `columns` pixel columns. Each column keeps its first, least, greatest and
   * last point and one of each kind of non-finite value, as recorded. Where a column stands for hundreds of points its
   * edges may be off by `sketchBlock` points; the extremes of the span are always there. Infinite bounds: all there is.
   */
  window(name: string, from: number, to: number, columns: number): SeriesWindow {
    const nothing: SeriesWindow = { name, points: { steps: new Float64Array(), values: new Float64Array() }, reduced: false, total: 0 };
    return this.#consistent(() => {
      const series = this.#series(name, "scalar");
      if (series === undefined) return nothing;
      const low = Number.isFinite(from) ? from : series.firstStep;
      const high = Number.isFinite(to) ? to : series.lastStep;
      const wide = Math.max(1, Math.floor(columns));
      const counted = this.#get(
        // No more rows than points, so that no file can keep this busy for ever.
        `SELECT coalesce(sum(count), 0) AS total FROM
           (SELECT count FROM chunk WHERE series = ? AND last_step >= ? AND first_step <= ? LIMIT ?)`,
        series.id,
        low,
        high,
        Math.max(0, Math.min(series.points, mostChunks)),
      );
      const atMost = counted === undefined ? 0 : this.#columns.number(counted, "total");
      if (atMost <= 4 * wide) {
        const all = this.points(name, low, high);
        return { name, points: all, reduced: false, total: all.steps.length };
      }
      return this.#reduced(series, low, high, wide, atMost >= pointsPerColumnForSketches * wide);
    });
  }

  /** What element maps were recorded with an id above `afterId`, in the order of recording; the maps themselves stay on the disk. */
  snapshots(afterId: number = 0): SnapshotInfo[] {
    return this.#ordered(`SELECT ${bounded.snapshotInfo} FROM snapshot WHERE id > ? ORDER BY id`, afterId).map((row) =>
      this.#snapshotInfo(row),
    );
  }

  /** The last element map of a parameter at or before `step`. */
  snapshot(parameter: string, step: number = Infinity): { readonly info: SnapshotInfo; readonly map: OwnershipMap } | undefined {
    const row = this.#get(
      `SELECT ${bounded.snapshot} FROM snapshot WHERE parameter = ? AND step <= ? ORDER BY step DESC LIMIT 1`,
      parameter,
      finite(step),
    );
    if (row === undefined) return undefined;
    return { info: this.#snapshotInfo(row), map: { parameter, shares: unpackShares(this.#columns.blob(row, "shares"), this.#path) } };
  }

  /** Events with an id above `id`, oldest first. */
  events(afterId: number = 0): RecordedEvent[] {
    return this.#ordered(`SELECT ${bounded.event} FROM event WHERE id > ? ORDER BY id`, afterId).map((row) =>
      readEvent(row, this.#columns, this.#path),
    );
  }

  #reduced(series: KnownSeries, low: number, high: number, columns: number, fromSketches: boolean): SeriesWindow {
    const reducer = new ColumnReducer(low, high, columns);
    let total = 0;
    for (const chunk of this.#chunks(series.id, low, high, fromSketches)) {
      const sketch = this.#columns.blobOrNull(chunk, "sketch");
      const inside = this.#columns.number(chunk, "first_step") >= low && this.#columns.number(chunk, "last_step") <= high;
      if (fromSketches && inside && sketch !== null) {
        const { steps, values } = unpackSketch(sketch, this.#path);
        reducer.addAll(steps, values);
        total += this.#columns.number(chunk, "count");
      } else {
        const { steps, values } = within(this.#scalars(fromSketches ? this.#dataOf(chunk) : chunk), low, high);
        reducer.addAll(steps, values);
        total += steps.length;
      }
    }
    const points = reducer.finish();
    return { name: series.name, points, reduced: points.steps.length < total, total };
  }

  /** Chunks that touch a span. Without their data when they are to be drawn from their sketches. */
  *#chunks(series: number, from: number, to: number, sketches = false): Iterable<Row> {
    const columns = sketches ? bounded.chunkSketch : `${bounded.chunk}, NULL AS sketch`;
    const sql = `SELECT ${columns} FROM chunk WHERE series = ? AND last_step >= ? AND first_step <= ? ORDER BY start`;
    yield* this.#rising("start", this.#statement(sql).iterate(series, finite(from), finite(to)));
  }

  #dataOf(chunk: Row): Row {
    const row = this.#get(`SELECT ${bounded.chunk} FROM chunk WHERE id = ?`, this.#columns.number(chunk, "id"));
    if (row === undefined) throw corrupt(this.#path, "a chunk is missing");
    return row;
  }

  #scalars(chunk: Row): Points {
    const steps = float64sOf(this.#columns.blob(chunk, "steps"), this.#path);
    const values = float64sOf(this.#columns.blob(chunk, "data"), this.#path);
    if (steps.length !== values.length) throw corrupt(this.#path, "a chunk has more steps than values, or fewer");
    return { steps, values };
  }

  #vectorChunk(chunk: Row, width: number): { readonly steps: Float64Array; readonly values: Float32Array } {
    const steps = float64sOf(this.#columns.blob(chunk, "steps"), this.#path);
    const data = this.#columns.blob(chunk, "data");
    const values = width === 1 ? Float32Array.from(float64sOf(data, this.#path)) : float32sOf(data, this.#path);
    if (steps.length * width !== values.length) throw corrupt(this.#path, "a chunk has more steps than rows, or fewer");
    return { steps, values };
  }

  #series(name: string, kind: "scalar" | "any"): KnownSeries | undefined {
    const row = this.#get(`SELECT ${bounded.series} FROM series WHERE name = ?`, name);
    if (row === undefined) return undefined;
    const series = { id: this.#columns.number(row, "id"), ...this.#seriesInfo(row) };
    if (kind === "scalar" && series.width !== 1) {
      throw new RangeError(`The series "${name}" holds vectors of ${series.width} numbers; ask for its rows with vectors() or vectorAt().`);
    }
    return series;
  }

  #seriesInfo(row: Row): SeriesInfo {
    return {
      name: this.#columns.text(row, "name"),
      width: this.#columns.number(row, "width"),
      points: this.#columns.number(row, "points"),
      firstStep: this.#columns.number(row, "first_step"),
      lastStep: this.#columns.number(row, "last_step"),
    };
  }

  #snapshotInfo(row: Row): SnapshotInfo {
    return {
      id: this.#columns.number(row, "id"),
      step: this.#columns.number(row, "step"),
      epoch: this.#columns.number(row, "epoch"),
      parameter: this.#columns.text(row, "parameter"),
    };
  }

  /** Reads several rows as they were at one moment, whatever the trainer commits meanwhile. */
  #consistent<T>(read: () => T): T {
    if (this.#database.isTransaction) return read();
    return translated(this.#path, () => transaction(this.#database, "deferred", read));
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, ...values: (string | number)[]): Row | undefined {
    return translated(this.#path, () => this.#statement(sql).get(...values));
  }

  /** Rows in the order of their ids. */
  #ordered(sql: string, ...values: (string | number)[]): Row[] {
    return translated(this.#path, () => [...this.#rising("id", this.#statement(sql).iterate(...values))]);
  }

  /** The rows as they come. In a damaged file a page may lead back to an earlier one, and the rows never end: that is noticed. */
  *#rising(column: string, rows: Iterable<Row>): Iterable<Row> {
    let before = -Infinity;
    for (const row of rows) {
      const place = this.#columns.number(row, column);
      if (place <= before) throw corrupt(this.#path, "its rows are out of order");
      before = place;
      yield row;
    }
  }
}

interface KnownSeries extends SeriesInfo {
  readonly id: number;
}

/** Part of sorted points with `from ≤ step ≤ to`. */
function within({ steps, values }: Points, from: number, to: number): Points {
  let start = 0;
  while (start < steps.length && (steps[start] ?? 0) < from) start++;
  let end = steps.length;
  while (end > start && (steps[end - 1] ?? 0) > to) end--;
  return { steps: steps.subarray(start, end), values: values.subarray(start, end) };
}

/** SQLite compares with infinities as it should, but a bound that is a plain number uses the index best. */
function finite(bound: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, bound));
}

/** The least number above `step`. Steps are whole numbers, but nothing here depends on it. */
function nextAfter(step: number): number {
  if (!Number.isFinite(step)) return step;
  return step + Math.max(Number.MIN_VALUE, Math.abs(step) * Number.EPSILON);
}

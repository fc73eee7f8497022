import type { DatabaseSync, StatementSync } from "node:sqlite";
import { bytesOf, chunkCapacity, openPoints, packSketch, sketchBlock, summarise } from "./chunk.ts";
import { sketchOf } from "./reduction.ts";
import type { SeriesTail } from "./series-tail.ts";

/** The statements with which series are written; prepared once for all of them. */
export class SeriesStatements {
  readonly insertSeries: StatementSync;
  readonly updateSeries: StatementSync;
  readonly putChunk: StatementSync;
  readonly dropChunks: StatementSync;

  constructor(database: DatabaseSync) {
    this.insertSeries = database.prepare(
      "INSERT INTO series (name, width, points, first_step, last_step) VALUES (?, ?, ?, ?, ?) RETURNING id",
    );
    this.updateSeries = database.prepare("UPDATE series SET points = ?, last_step = ? WHERE id = ?");
    this.putChunk = database.prepare(
      `INSERT INTO chunk (series, start, count, first_step, last_step, min, max, first, last, sketch, steps, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (series, start) DO UPDATE SET count = excluded.count, last_step = excluded.last_step, min = excluded.min,
         max = excluded.max, last = excluded.last, steps = excluded.steps, data = excluded.data`,
    );
    this.dropChunks = database.prepare("DELETE FROM chunk WHERE series = ? AND start >= ?");
  }
}

/**
 * The points of one series that are not yet in a sealed chunk. A commit writes only the open row (at most `openPoints`
 * points); when a chunk is full, its open rows are replaced by one sealed row. So a point is written a few times at most,
 * and a million points are a thousand rows.
 */
export class SeriesBuffer {
  readonly name: string;
  readonly width: number;
  readonly #capacity: number;
  readonly #steps: Float64Array;
  readonly #values: Float64Array | Float32Array;
  /** Full chunks that wait for the next commit. */
  #full: FullChunk[] = [];
  /** Index in the series of the first point in the buffer. */
  #start = 0;
  #count = 0;
  /** Where in the buffer the open row begins. */
  #openFrom = 0;
  #id: number | undefined;
  #firstStep = 0;
  #lastStep = -Infinity;
  #dirty = false;
  /** Index from which rows of an earlier recording are to go. */
  #dropFrom: number | undefined;

  constructor(name: string, width: number) {
    this.name = name;
    this.width = width;
    this.#capacity = chunkCapacity(width);
    this.#steps = new Float64Array(this.#capacity);
    this.#values = width === 1 ? new Float64Array(this.#capacity) : new Float32Array(this.#capacity * width);
  }

  /** A series that was recorded before, and goes on where its tail ends. What lies behind that goes once it is taken up. */
  static continued(tail: SeriesTail): SeriesBuffer {
    const buffer = new SeriesBuffer(tail.name, tail.width);
    buffer.#id = tail.id;
    buffer.#start = tail.start;
    buffer.#count = tail.steps.length;
    buffer.#steps.set(tail.steps);
    buffer.#values.set(tail.values);
    buffer.#firstStep = tail.firstStep;
    buffer.#lastStep = tail.lastStep;
    return buffer;
  }

  /** Has the next commit write the open row anew, and drop all rows from there on. */
  takeUp(): void {
    this.#dropFrom = this.#start;
    this.#dirty = true;
  }

  /** Points that were taken in, committed or not. */
  get points(): number {
    return this.#start + this.#count;
  }

  /** Takes in a point. Throws `RangeError` for a step before the last one, or a vector of another width. */
  append(step: number, value: number | Float32Array): void {
    const width = typeof value === "number" ? 1 : value.length;
    if (width !== this.width) throw new RangeError(`The series "${this.name}" holds ${this.width} numbers a step, and was given ${width}.`);
    if (!(step >= this.#lastStep) || !Number.isFinite(step)) {
      throw new RangeError(`The series "${this.name}" has reached step ${this.#lastStep}, and was given step ${step}.`);
    }
    if (this.points === 0) this.#firstStep = step;
    this.#lastStep = step;
    this.#steps[this.#count] = step;
    if (typeof value === "number") this.#values[this.#count] = value;
    else this.#values.set(value, this.#count * width);
    this.#count++;
    this.#dirty = true;
    if (this.#count === this.#capacity) this.#setAside();
  }

  /**
   * Writes what is new, inside the caller's transaction. The returned action must be called once that is committed; until
   * then everything is kept, so that a failed commit can be tried again.
   */
  write(statements: SeriesStatements): (() => void) | undefined {
    if (!this.#dirty) return undefined;
    const id = this.#id ?? this.#insert(statements);
    if (this.#dropFrom !== undefined) statements.dropChunks.run(id, this.#dropFrom);
    for (const chunk of this.#full) this.#writeFull(statements, id, chunk);
    const openFrom = this.#full.length > 0 ? 0 : this.#openFrom;
    if (this.#count > openFrom) this.#put(statements, id, this.#start + openFrom, this.#slice(openFrom, this.#count), false);
    statements.updateSeries.run(this.points, this.#lastStep, id);
    return () => {
      this.#id = id;
      this.#full = [];
      this.#dropFrom = undefined;
      this.#openFrom = this.#count - openFrom >= openPoints ? this.#count : openFrom;
      this.#dirty = false;
    };
  }

  #insert(statements: SeriesStatements): number {
    const id = statements.insertSeries.get(this.name, this.width, this.points, this.#firstStep, this.#lastStep)?.["id"];
    if (typeof id !== "number") throw new TypeError(`SQLite gave no id for the series "${this.name}".`);
    return id;
  }

  #writeFull(statements: SeriesStatements, id: number, chunk: FullChunk): void {
    statements.dropChunks.run(id, chunk.start);
    this.#put(statements, id, chunk.start, chunk, true);
  }

  #put(statements: SeriesStatements, id: number, start: number, { steps, values }: ChunkData, sealed: boolean): void {
    const scalars = values instanceof Float64Array ? values : undefined;
    const summary = scalars === undefined ? { min: null, max: null, first: null, last: null } : summarise(scalars);
    const sketch = sealed && scalars !== undefined ? packSketch(sketchOf(steps, scalars, sketchBlock)) : null;
    const first = steps[0] ?? 0;
    const last = steps.at(-1) ?? 0;
    statements.putChunk.run(
      id,
      start,
      steps.length,
      first,
      last,
      summary.min,
      summary.max,
      summary.first,
      summary.last,
      sketch,
      bytesOf(steps),
      bytesOf(values),
    );
  }

  #setAside(): void {
    this.#full.push({ start: this.#start, ...this.#slice(0, this.#count) });
    this.#start += this.#count;
    this.#count = 0;
  }

  #slice(from: number, to: number): ChunkData {
    return { steps: this.#steps.slice(from, to), values: this.#values.slice(from * this.width, to * this.width) };
  }
}

interface ChunkData {
  readonly steps: Float64Array;
  readonly values: Float64Array | Float32Array;
}

interface FullChunk extends ChunkData {
  readonly start: number;
}

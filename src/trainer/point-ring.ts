/** Two counters, of the numbers written and of those read, modulo 2³². */
const counterBytes = 8;
const written = 0;
const read = 1;

/** What is told of a point that is read: the number of its series, its step, and where its values are. */
export interface PointVisitor {
  /** Values that a point of this series has. */
  width(series: number): number;
  scalar(series: number, step: number, value: number): void;
  vector(series: number, step: number, values: Float32Array): void;
}

/**
 * Points on their way from one thread to another in memory that both share, so that thousands in a second cost no message. One thread
 * writes, one reads, and neither ever waits; what was written can be read at once, whatever the writer does next. A point is the number
 * of its series, its step and its values, one after the other, all in double precision.
 */
export class PointRing {
  readonly shared: SharedArrayBuffer;
  readonly #counters: Int32Array;
  readonly #numbers: Float64Array;
  /** The number of places is a power of two, which divides what counters wrap around at. */
  readonly #mask: number;

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#counters = new Int32Array(shared, 0, 2);
    this.#numbers = new Float64Array(shared, counterBytes);
    this.#mask = this.#numbers.length - 1;
  }

  /** A ring for at least so many numbers. */
  static of(numbers: number): PointRing {
    const places = 2 ** Math.ceil(Math.log2(Math.max(2, numbers)));
    return new PointRing(new SharedArrayBuffer(counterBytes + 8 * places));
  }

  /** Numbers that a point takes: its series, its step and its values. */
  static numbersOf(values: number | Float32Array): number {
    return 2 + (typeof values === "number" ? 1 : values.length);
  }

  get places(): number {
    return this.#numbers.length;
  }

  /** How far it is written: what `readTo` takes. */
  get mark(): number {
    return Atomics.load(this.#counters, written);
  }

  /** False where there is no room for it; nothing was written then. */
  write(series: number, step: number, values: number | Float32Array): boolean {
    const numbers = PointRing.numbersOf(values);
    const at = Atomics.load(this.#counters, written);
    const used = (at - Atomics.load(this.#counters, read)) >>> 0;
    if (used + numbers > this.places) return false;
    this.#put(at, series);
    this.#put(at + 1, step);
    if (typeof values === "number") this.#put(at + 2, values);
    else for (let i = 0; i < values.length; i++) this.#put(at + 2 + i, values[i] ?? Number.NaN);
    Atomics.store(this.#counters, written, (at + numbers) | 0);
    return true;
  }

  /** Reads what was written up to a mark. */
  readTo(mark: number, visitor: PointVisitor): void {
    let at = Atomics.load(this.#counters, read);
    while (at !== mark) {
      const series = this.#get(at);
      const step = this.#get(at + 1);
      const width = visitor.width(series);
      if (width === 1) visitor.scalar(series, step, this.#get(at + 2));
      else visitor.vector(series, step, this.#values(at + 2, width));
      at = (at + 2 + width) | 0;
      Atomics.store(this.#counters, read, at);
    }
  }

  #values(first: number, width: number): Float32Array {
    const values = new Float32Array(width);
    for (let i = 0; i < width; i++) values[i] = this.#get(first + i);
    return values;
  }

  #put(at: number, value: number): void {
    this.#numbers[at & this.#mask] = value;
  }

  #get(at: number): number {
    return this.#numbers[at & this.#mask] ?? Number.NaN;
  }
}

import type { Points } from "../contract.ts";

/** Points of one scalar series that grow one at a time. */
export class PointList {
  #steps = new Float64Array(256);
  #values = new Float64Array(256);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(step: number, value: number): void {
    if (this.#count === this.#steps.length) {
      this.#steps = grown(this.#steps);
      this.#values = grown(this.#values);
    }
    this.#steps[this.#count] = step;
    this.#values[this.#count] = value;
    this.#count++;
  }

  pushAll(steps: Float64Array, values: Float64Array): void {
    for (let i = 0; i < steps.length; i++) this.push(steps[i] ?? NaN, values[i] ?? NaN);
  }

  points(): Points {
    return { steps: this.#steps.slice(0, this.#count), values: this.#values.slice(0, this.#count) };
  }
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(array.length * 2);
  bigger.set(array);
  return bigger;
}

/**
 * Reduces a stream of points to what must be drawn: of each group the first, the least, the greatest and the last finite
 * point, and the first of each kind of non-finite value, all as they were recorded and in their order.
 */
export class Reducer {
  readonly #kept: PointList;
  /** Position in the group, step and value of each candidate; −1 where there is none. */
  readonly #at = new Int32Array(candidates).fill(-1);
  readonly #steps = new Float64Array(candidates);
  readonly #values = new Float64Array(candidates);
  #seen = 0;

  constructor(kept: PointList) {
    this.#kept = kept;
  }

  add(step: number, value: number): void {
    const position = this.#seen++;
    if (position === 0) this.#keep(candidate.first, position, step, value);
    if (Number.isFinite(value)) {
      if (this.#at[candidate.least] === -1 || value < (this.#values[candidate.least] ?? 0))
        this.#keep(candidate.least, position, step, value);
      if (this.#at[candidate.greatest] === -1 || value > (this.#values[candidate.greatest] ?? 0)) {
        this.#keep(candidate.greatest, position, step, value);
      }
    } else {
      const kind = Number.isNaN(value) ? candidate.nan : value > 0 ? candidate.positive : candidate.negative;
      if (this.#at[kind] === -1) this.#keep(kind, position, step, value);
    }
    this.#keep(candidate.last, position, step, value);
  }

  /** Ends the group: its kept points are handed over, and the next one begins. */
  endGroup(): void {
    const order = [...this.#at.keys()].filter((index) => this.#at[index] !== -1).sort((a, b) => (this.#at[a] ?? 0) - (this.#at[b] ?? 0));
    let before = -1;
    for (const index of order) {
      const position = this.#at[index] ?? -1;
      if (position !== before) this.#kept.push(this.#steps[index] ?? NaN, this.#values[index] ?? NaN);
      before = position;
    }
    this.#at.fill(-1);
    this.#seen = 0;
  }

  #keep(index: number, position: number, step: number, value: number): void {
    this.#at[index] = position;
    this.#steps[index] = step;
    this.#values[index] = value;
  }
}

const candidate = { first: 0, least: 1, greatest: 2, last: 3, nan: 4, positive: 5, negative: 6 } as const;
const candidates = 7;

/** Reduces in groups of `block` consecutive points: the sketch of a chunk. */
export function sketchOf(steps: Float64Array, values: Float64Array, block: number): Points {
  const kept = new PointList();
  const reducer = new Reducer(kept);
  for (let i = 0; i < steps.length; i++) {
    reducer.add(steps[i] ?? NaN, values[i] ?? NaN);
    if ((i + 1) % block === 0) reducer.endGroup();
  }
  reducer.endGroup();
  return kept.points();
}

/** Reduces to `columns` columns of equal width over the steps `[from, to]`. Points must be given in order. */
export class ColumnReducer {
  readonly #kept = new PointList();
  readonly #reducer = new Reducer(this.#kept);
  readonly #from: number;
  readonly #scale: number;
  readonly #columns: number;
  #column = 0;

  constructor(from: number, to: number, columns: number) {
    this.#from = from;
    this.#columns = columns;
    this.#scale = to > from ? columns / (to - from) : 0;
  }

  addAll(steps: Float64Array, values: Float64Array): void {
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] ?? NaN;
      const column = Math.min(this.#columns - 1, Math.floor((step - this.#from) * this.#scale));
      if (column !== this.#column) {
        this.#reducer.endGroup();
        this.#column = column;
      }
      this.#reducer.add(step, values[i] ?? NaN);
    }
  }

  finish(): Points {
    this.#reducer.endGroup();
    return this.#kept.points();
  }
}

import type { SeriesUpdate, VectorUpdate } from "../../src/editor/protocol.ts";

/** Points of one scalar series as the page holds them: a reduced window, extended by what came since. */
export interface Curve {
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** True when the host left points out. */
  readonly reduced: boolean;
}

export const noCurve: Curve = { steps: new Float64Array(0), values: new Float64Array(0), reduced: false };

/** The series of one run that the page was sent. Holds windows at pixel resolution, never a whole run. */
export class SeriesStore {
  readonly #curves = new Map<string, GrowingCurve>();
  readonly #recent = new Map<string, number | null>();
  readonly #vectors = new Map<string, VectorUpdate>();

  /** Takes what the host sent. */
  take(scalars: readonly SeriesUpdate[], vectors: readonly VectorUpdate[]): void {
    for (const update of scalars) {
      this.#recent.set(update.name, update.recent);
      const known = this.#curves.get(update.name);
      if (update.mode === "append" && known) known.append(update);
      else this.#curves.set(update.name, new GrowingCurve(update));
    }
    for (const vector of vectors) this.#vectors.set(vector.name, vector);
  }

  curve(name: string): Curve {
    return this.#curves.get(name)?.view() ?? noCurve;
  }

  /** Latest recorded value, finite or not; null where nothing is known. */
  last(name: string): number | null {
    return this.curve(name).values.at(-1) ?? null;
  }

  /** Mean of the last recorded points; null where nothing finite is known. */
  recent(name: string): number | null {
    return this.#recent.get(name) ?? null;
  }

  vector(name: string): VectorUpdate | null {
    return this.#vectors.get(name) ?? null;
  }

  clear(): void {
    this.#curves.clear();
    this.#recent.clear();
    this.#vectors.clear();
  }
}

/** Grows by doubling, so that appending a point every quarter of a second does not copy the window each time. */
class GrowingCurve {
  #steps: Float64Array;
  #values: Float64Array;
  #length: number;
  #reduced: boolean;
  #view: Curve | null = null;

  constructor({ steps, values, reduced }: SeriesUpdate) {
    this.#steps = steps;
    this.#values = values;
    this.#length = steps.length;
    this.#reduced = reduced;
  }

  append({ steps, values, reduced }: SeriesUpdate): void {
    // What was sent twice (after a missed message was asked for again) is taken once.
    const last = this.#length > 0 ? (this.#steps[this.#length - 1] ?? -Infinity) : -Infinity;
    let from = 0;
    while (from < steps.length && (steps[from] ?? Infinity) <= last) from++;
    const added = steps.length - from;
    if (added === 0) return;
    if (this.#length + added > this.#steps.length) this.#grow(this.#length + added);
    this.#steps.set(steps.subarray(from), this.#length);
    this.#values.set(values.subarray(from), this.#length);
    this.#length += added;
    this.#reduced ||= reduced;
    this.#view = null;
  }

  view(): Curve {
    this.#view ??= {
      steps: this.#steps.subarray(0, this.#length),
      values: this.#values.subarray(0, this.#length),
      reduced: this.#reduced,
    };
    return this.#view;
  }

  #grow(needed: number): void {
    const room = Math.max(needed, 2 * this.#steps.length, 64);
    const steps = new Float64Array(room);
    const values = new Float64Array(room);
    steps.set(this.#steps.subarray(0, this.#length));
    values.set(this.#values.subarray(0, this.#length));
    this.#steps = steps;
    this.#values = values;
  }
}

/** Index of the last point at or before a step; −1 where there is none. */
export function indexAt(steps: Float64Array, step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? Infinity) <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Value at or before a step; null before the first point and where nothing is recorded. */
export function valueAt({ steps, values }: Pick<Curve, "steps" | "values">, step: number): number | null {
  const index = indexAt(steps, step);
  return index < 0 ? null : (values[index] ?? null);
}

import { numberOf } from "../cells.ts";

/** More classes than this are not told apart: the column is an identifier or a measurement. */
export const mostClasses = 10_000;

/** Counts class names as they come, one row after another. */
export class NameCounter {
  readonly #counts = new Map<string, number>();

  /** Different texts so far; `1` and `1.0` are two. */
  get size(): number {
    return this.#counts.size;
  }

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /**
   * The distinct names with their counts. Where all of them are numbers they go by size and equal ones are one name; else by
   * code point. So the order never depends on the rows' order.
   */
  sorted(): readonly (readonly [name: string, count: number])[] {
    const names = [...this.#counts.keys()];
    if (!areNumbers(names)) return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const merged = new Map<string, number>();
    for (const [name, count] of this.#counts) merged.set(asNumber(name), (merged.get(asNumber(name)) ?? 0) + count);
    return [...merged].sort(([a], [b]) => Number(a) - Number(b));
  }
}

/** Finds the index of a class; equal numbers are one class however a cell writes them (`1`, `1.0`). */
export class NameIndex {
  readonly #indices: ReadonlyMap<string, number>;
  readonly #numbers: boolean;

  constructor(names: readonly string[]) {
    this.#numbers = areNumbers(names);
    this.#indices = new Map(names.map((name, index) => [this.#numbers ? asNumber(name) : name, index]));
  }

  of(cell: string | number): number | undefined {
    const name = String(cell);
    return this.#indices.get(name) ?? (this.#numbers && numberOf(name) !== undefined ? this.#indices.get(asNumber(name)) : undefined);
  }
}

export function areNumbers(names: readonly string[]): boolean {
  return names.every((name) => numberOf(name) !== undefined);
}

function asNumber(name: string): string {
  return String(Number(name));
}

import { dominanceThreshold, histogramBins } from "../experiment/record.ts";
import { assemble } from "./backend/simd/assembler.ts";
import { binBytes, inDoubles } from "./backend/simd/ownership.ts";
import { inFloats, shareScale } from "./backend/simd/ownership-single.ts";
import type { Routine } from "./backend/simd/routine.ts";
import { OpenCounts, stretch, withIdle, type ShareCounts } from "./ownership-shares.ts";
import type { GradientRows, Precision, SharedStep } from "./shared-step.ts";

/** What there is to tell of a step when it is taken in. */
export interface TakenIn {
  /** By position in the reach. */
  readonly shares: readonly ShareCounts[];
  /**
   * Products of the gradients with each other and with the direction, `(tasks + 1)²`; 0 where they were not asked for, or a row is not
   * there.
   */
  readonly products: Float64Array;
}

const names = ["pacesOfSquares", "accumulateMoves", "invertTotals", "countShares", "multiplyRows"] as const;
type Program = Readonly<Record<(typeof names)[number], (...parameters: number[]) => void>>;

const arithmetics = {
  double: { routines: inDoubles, bytes: 8, View: Float64Array },
  single: { routines: inFloats, bytes: 4, View: Float32Array },
} as const;

/** Elements that are in its memory at a time. */
const longest = 4 * stretch;
const pageBytes = 2 ** 16;
const floatBytes = 4;
const doubleBytes = 8;
const rowBytes = longest * floatBytes;
/** Of each task, the counts of its bins are kept so many times. */
const tables = 4;

/**
 * Takes gradients into accumulated updates and counts the shares in one go, by SIMD in a small memory of its own, through which all goes in
 * stretches, whatever the backend is.
 */
export class OwnershipMeter {
  readonly #program: Program;
  readonly #floats: Float32Array;
  readonly #doubles: Float64Array;
  readonly #integers: Int32Array;
  /** Paces and totals, and the bytes of one. */
  readonly #numbers: Float32Array | Float64Array;
  readonly #bytes: number;
  /** Byte addresses. */
  readonly #at: ReturnType<typeof layOut>;
  readonly #tasks: number;

  /** Throws `WebAssembly.CompileError` where it is not possible. */
  constructor(tasks: number, precision: Precision) {
    const { routines, bytes, View } = arithmetics[precision];
    const at = layOut(tasks);
    this.#tasks = tasks;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(at.end / pageBytes) });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(routines)), { host: { memory } });
    if (!isProgram(exports)) throw new TypeError("The assembled module lacks a routine.");
    this.#program = exports;
    this.#at = at;
    this.#floats = new Float32Array(memory.buffer);
    this.#doubles = new Float64Array(memory.buffer);
    this.#integers = new Int32Array(memory.buffer);
    this.#numbers = new View(memory.buffer);
    this.#bytes = bytes;
    this.#doubles.set([dominanceThreshold, histogramBins, shareScale], at.counting / doubleBytes);
    this.#doubles.set([1, shareScale], at.inverting / doubleBytes);
  }

  /** Whether this machine has SIMD for WebAssembly. */
  static get isPossible(): boolean {
    return WebAssembly.validate(moduleOf(inDoubles));
  }

  /**
   * AU ← `kept` AU + (1 − `kept`) Δ² for each task of the reach, and how the shares of it are then.
   *
   * @param accumulated AU by position in the reach, each as long as the parameter
   */
  takeIn(accumulated: readonly Float32Array[], reach: readonly number[], step: SharedStep, kept: number): TakenIn {
    const at = this.#at;
    const size = accumulated[0]?.length ?? 0;
    this.#integers.fill(0, at.idle / floatBytes, at.end / floatBytes);
    const counted = accumulated.map(() => new OpenCounts());
    this.#pace(step.moves);
    const { length } = step.gradients;
    let padding = 0;
    let start = 0;
    while (start < size) {
      const count = Math.min(longest, size - start, length - (start % length));
      padding += -count & 3;
      this.#move(accumulated, reach, step, { start, count, kept });
      if (step.asksProducts) this.#multiply(reach.length, step.gradients, start, count);
      this.#count(counted, count);
      start += count;
    }
    counted.forEach((own, position) => this.#collect(own, position, padding));
    return {
      shares: withIdle(counted, (this.#integers[at.idle / floatBytes] ?? 0) - padding),
      products: this.#products(step.gradients.readDirection === undefined ? reach : [...reach, this.#tasks]),
    };
  }

  /** Moves that are known have a pace of 1. */
  #pace(moves: SharedStep["moves"]): void {
    const at = this.#at;
    const { rate, bySquare } = "read" in moves ? { rate: 1, bySquare: undefined } : moves.pace;
    this.#doubles.set([rate, bySquare?.correction ?? 1, bySquare?.epsilon ?? 0], at.pace / doubleBytes);
    if (bySquare === undefined) this.#numbers.fill(rate, at.paces / this.#bytes, at.paces / this.#bytes + longest);
  }

  #move(
    accumulated: readonly Float32Array[],
    reach: readonly number[],
    { gradients, moves, asksProducts }: SharedStep,
    { start, count, kept }: { readonly start: number; readonly count: number; readonly kept: number },
  ): void {
    const at = this.#at;
    const vectors = Math.ceil(count / 4);
    const known = "read" in moves ? moves : undefined;
    const weights = "read" in moves ? undefined : moves.weights;
    if (!("read" in moves) && moves.square !== undefined) {
      this.#put(moves.square.subarray(start, start + count), at.square, 1);
      this.#program.pacesOfSquares(at.square, at.paces, vectors, at.pace);
    }
    this.#numbers.fill(0, at.totals / this.#bytes, at.totals / this.#bytes + 4 * vectors);
    accumulated.forEach((au, position) => {
      const task = reach[position] ?? -1;
      const [part, own] = [au.subarray(start, start + count), at.accumulated + position * rowBytes];
      const gradient = at.gradients + position * rowBytes;
      if (known === undefined || asksProducts) this.#put(gradients.read(task, start, count), gradient, 0);
      if (known !== undefined) this.#put(known.read(task, start, count), at.moved, 0);
      this.#put(part, own, 0);
      this.#doubles.set([weights === undefined ? 1 : (weights[task] ?? 0), kept, 1 - kept], at.motion / doubleBytes);
      this.#program.accumulateMoves(known === undefined ? gradient : at.moved, at.paces, own, at.totals, vectors, at.motion);
      part.set(this.#floats.subarray(own / floatBytes, own / floatBytes + count));
    });
    this.#program.invertTotals(at.totals, vectors, at.idle, at.inverting);
  }

  /** Of the gradients that are in its memory. */
  #multiply(rows: number, gradients: GradientRows, start: number, count: number): void {
    const at = this.#at;
    const direction = gradients.readDirection?.(start, count);
    if (direction !== undefined) this.#put(direction, at.gradients + rows * rowBytes, 0);
    const all = direction === undefined ? rows : rows + 1;
    for (let part = 0; part < count; part += stretch) {
      const vectors = Math.ceil(Math.min(stretch, count - part) / 4);
      const row = (index: number): number => at.gradients + Math.min(index, all - 1) * rowBytes + part * floatBytes;
      eachPair(all, (i, j, pair) => {
        this.#program.multiplyRows(row(i), row(i + 1), row(j), row(j + 1), vectors, at.products + pair * 4 * doubleBytes);
      });
    }
  }

  /** @param rows where they stand among all */
  #products(rows: readonly number[]): Float64Array {
    const wide = this.#tasks + 1;
    const products = new Float64Array(wide * wide);
    eachPair(rows.length, (i, j, pair) => {
      const first = this.#at.products / doubleBytes + 4 * pair;
      for (let k = 0; k < 4; k++) {
        const [row, column] = [rows[i + (k >> 1)], rows[j + (k & 1)]];
        if (row === undefined || column === undefined) continue;
        products[row * wide + column] = this.#doubles[first + k] ?? 0;
        products[column * wide + row] = this.#doubles[first + k] ?? 0;
      }
    });
    return products;
  }

  #count(counted: readonly OpenCounts[], count: number): void {
    const at = this.#at;
    counted.forEach((own, position) => {
      const au = at.accumulated + position * rowBytes;
      const [above, bins] = [at.above + position * floatBytes, at.bins + position * tables * binBytes];
      for (let start = 0; start < count; start += stretch) {
        const vectors = Math.ceil(Math.min(stretch, count - start) / 4);
        this.#program.countShares(au + start * floatBytes, at.totals + start * this.#bytes, vectors, at.sum, above, bins, at.counting);
        own.sum += this.#doubles[at.sum / doubleBytes] ?? 0;
      }
    });
  }

  /** `padding` elements behind the last ones were counted as nobody's. */
  #collect(own: OpenCounts, position: number, padding: number): void {
    const at = this.#at;
    own.above = this.#integers[at.above / floatBytes + position] ?? 0;
    const first = (at.bins + position * tables * binBytes) / floatBytes;
    for (let bin = 0; bin < own.counts.length; bin++) {
      for (let table = 0; table < tables; table++) {
        own.counts[bin] = (own.counts[bin] ?? 0) + (this.#integers[first + (table * binBytes) / floatBytes + bin] ?? 0);
      }
    }
    own.counts[0] = (own.counts[0] ?? 0) - padding;
  }

  /** Behind them, up to a whole vector, `padding`. */
  #put(values: Float32Array, address: number, padding: number): void {
    const start = address / floatBytes;
    this.#floats.set(values, start);
    this.#floats.fill(padding, start + values.length, start + 4 * Math.ceil(values.length / 4));
  }
}

function layOut(tasks: number) {
  let end = 0;
  const room = (bytes: number): number => {
    const address = end;
    end += Math.ceil(bytes / 64) * 64;
    return address;
  };
  const at = {
    pace: room(3 * doubleBytes),
    motion: room(3 * doubleBytes),
    counting: room(3 * doubleBytes),
    inverting: room(2 * doubleBytes),
    sum: room(2 * doubleBytes),
    square: room(longest * floatBytes),
    paces: room(longest * doubleBytes),
    totals: room(longest * doubleBytes),
    // And the direction.
    gradients: room((tasks + 1) * rowBytes),
    moved: room(rowBytes),
    accumulated: room(tasks * rowBytes),
    // From here on: what is counted.
    idle: room(floatBytes),
    above: room(tasks * floatBytes),
    bins: room(tasks * tables * binBytes),
    products: room(pairsOf(tasks + 1) * 4 * doubleBytes),
  };
  return { ...at, end };
}

/** How many pairs of pairs of rows there are. */
function pairsOf(rows: number): number {
  const pairs = Math.ceil(rows / 2);
  return (pairs * (pairs + 1)) / 2;
}

/** The even rows with each other, each pair once. */
function eachPair(rows: number, visit: (i: number, j: number, pair: number) => void): void {
  let pair = 0;
  for (let i = 0; i < rows; i += 2) for (let j = 0; j <= i; j += 2) visit(i, j, pair++);
}

function moduleOf(routines: Readonly<Record<(typeof names)[number], Routine>>): Uint8Array<ArrayBuffer> {
  return assemble(Object.fromEntries(names.map((name) => [name, routines[name]])));
}

function isProgram(exports: object): exports is Program {
  return names.every((name) => typeof Reflect.get(exports, name) === "function");
}

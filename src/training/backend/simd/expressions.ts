import { type Code, signed, simd, unsigned } from "./encoding.ts";

/**
 * Values of a function of the module: code that leaves one value on the stack. An expression may be used several times and is then
 * computed each time, so what is costly is put in a variable, which is a local of the function.
 * Encodings: WebAssembly Core Specification 2.0, chapter 5.
 */

/** Address or whole number, 32 bits. */
export class Int {
  readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  plus(other: Int | number): Int {
    return other === 0 ? this : new Int([...this.code, ...int(other).code, 0x6a]);
  }

  minus(other: Int | number): Int {
    return new Int([...this.code, ...int(other).code, 0x6b]);
  }

  times(other: Int | number): Int {
    return new Int([...this.code, ...int(other).code, 0x6c]);
  }

  lessThan(other: Int | number): Int {
    return new Int([...this.code, ...int(other).code, 0x48]);
  }

  greaterThan(other: Int | number): Int {
    return new Int([...this.code, ...int(other).code, 0x4a]);
  }

  atLeast(other: Int | number): Int {
    return new Int([...this.code, ...int(other).code, 0x4e]);
  }

  /** This where `condition` is not 0, else `other`; both are computed. */
  where(condition: Int, other: Int): Int {
    return new Int([...this.code, ...other.code, ...condition.code, 0x1b]);
  }

  /** The float at this address. `offset` in bytes, not negative. */
  float(offset = 0): Float {
    return new Float([...this.code, 0x2a, 2, ...unsigned(offset)]);
  }

  /** The whole number at this address. */
  integer(offset = 0): Int {
    return new Int([...this.code, 0x28, 2, ...unsigned(offset)]);
  }

  /** Four floats from this address. */
  vector(offset = 0): Vector {
    return new Vector([...this.code, ...simd(0x00), 2, ...unsigned(offset)]);
  }

  /** The float at this address, and three zeros. */
  lone(): Vector {
    return new Vector([...this.code, ...simd(0x5c), 2, 0]);
  }

  /** Two floats from this address, and two zeros. */
  pair(offset = 0): Vector {
    return new Vector([...this.code, ...simd(0x5d), 2, ...unsigned(offset)]);
  }

  /** Two doubles from this address. */
  doubles(offset = 0): Doubles {
    return new Doubles([...this.code, ...simd(0x00), 3, ...unsigned(offset)]);
  }

  /** The double at this address, twice. */
  splatDouble(offset = 0): Doubles {
    return new Doubles([...this.code, ...simd(0x0a), 3, ...unsigned(offset)]);
  }

  /** The float at this address, four times. */
  splat(offset = 0): Vector {
    return new Vector([...this.code, ...simd(0x09), 2, ...unsigned(offset)]);
  }
}

/** A float, 32 bits. */
export class Float {
  readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  plus(other: Float): Float {
    return new Float([...this.code, ...other.code, 0x92]);
  }

  equals(other: Float): Int {
    return new Int([...this.code, ...other.code, 0x5b]);
  }
}

/** Four floats, or the mask a comparison of four floats gives (all bits of a lane set, or none). */
export class Vector {
  readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  plus(other: Vector): Vector {
    return this.#with(other, 0xe4);
  }

  times(other: Vector): Vector {
    return this.#with(other, 0xe6);
  }

  dividedBy(other: Vector): Vector {
    return this.#with(other, 0xe7);
  }

  root(): Vector {
    return new Vector([...this.code, ...simd(0xe3)]);
  }

  /** NaN where one of the two is NaN; so is the maximum. */
  min(other: Vector): Vector {
    return this.#with(other, 0xe8);
  }

  max(other: Vector): Vector {
    return this.#with(other, 0xe9);
  }

  equals(other: Vector): Vector {
    return this.#with(other, 0x41);
  }

  /** Set where the two differ; NaN differs from itself. */
  differsFrom(other: Vector): Vector {
    return this.#with(other, 0x42);
  }

  greaterThan(other: Vector): Vector {
    return this.#with(other, 0x44);
  }

  /** |x| */
  size(): Vector {
    return new Vector([...this.code, ...simd(0xe0)]);
  }

  and(other: Vector): Vector {
    return this.#with(other, 0x4e);
  }

  andNot(other: Vector): Vector {
    return this.#with(other, 0x4f);
  }

  or(other: Vector): Vector {
    return this.#with(other, 0x50);
  }

  /** Four lanes of the two: 0 to 3 are this one's, 4 to 7 the other's. */
  shuffled(other: Vector, [a, b, c, d]: readonly [number, number, number, number]): Vector {
    const bytes = [a, b, c, d].flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte));
    return new Vector([...this.code, ...other.code, ...simd(0x0d), ...bytes]);
  }

  /** How many of the four are greater than those of another. */
  countGreater(other: Vector): Int {
    return new Int([...this.greaterThan(other).code, ...simd(0xa4), 0x69]);
  }

  /** How many of the four are those of another. */
  countEqual(other: Vector): Int {
    return new Int([...this.equals(other).code, ...simd(0xa4), 0x69]);
  }

  /** Cut off to whole numbers; 0 of what is none. */
  truncated(): Integers {
    return new Integers([...this.code, ...simd(0xf8)]);
  }

  /** The first two floats in double precision. */
  doubled(): Doubles {
    return new Doubles([...this.code, ...simd(0x5f)]);
  }

  /** The first two lanes as whole numbers without a sign, in double precision. */
  wholeDoubled(): Doubles {
    return new Doubles([...this.code, ...simd(0xff)]);
  }

  #with(other: Vector, operation: number): Vector {
    return new Vector([...this.code, ...other.code, ...simd(operation)]);
  }
}

/** Two floats in double precision. */
export class Doubles {
  readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  plus(other: Doubles): Doubles {
    return new Doubles([...this.code, ...other.code, ...simd(0xf0)]);
  }

  times(other: Doubles): Doubles {
    return new Doubles([...this.code, ...other.code, ...simd(0xf2)]);
  }

  minus(other: Doubles): Doubles {
    return new Doubles([...this.code, ...other.code, ...simd(0xf1)]);
  }

  dividedBy(other: Doubles): Doubles {
    return new Doubles([...this.code, ...other.code, ...simd(0xf3)]);
  }

  /** All bits set where it is, or none. */
  greaterThan(other: Doubles): Doubles {
    return new Doubles([...this.code, ...other.code, ...simd(0x4a)]);
  }

  /** This where the bits of `mask` are set, else `other`. */
  where(mask: Doubles, other: Doubles): Doubles {
    return new Doubles([...this.code, ...other.code, ...mask.code, ...simd(0x52)]);
  }

  root(): Doubles {
    return new Doubles([...this.code, ...simd(0xef)]);
  }

  /** Rounded to floats, followed by two zeros. */
  rounded(): Vector {
    return new Vector([...this.code, ...simd(0x5e)]);
  }

  /** The first, twice. */
  first(): Doubles {
    return this.firstAnd(this);
  }

  /** The second, twice. */
  second(): Doubles {
    return this.secondAnd(this);
  }

  /** The first of the two, and the first of another. */
  firstAnd(other: Doubles): Doubles {
    return this.#shuffled(other, 0, 2);
  }

  secondAnd(other: Doubles): Doubles {
    return this.#shuffled(other, 1, 3);
  }

  /** How many of the two are greater than those of another. */
  countGreater(other: Doubles): Int {
    return new Int([...this.code, ...other.code, ...simd(0x4a), ...simd(0xc4), 0x69]);
  }

  /** How many of the two are those of another. */
  countEqual(other: Doubles): Int {
    return new Int([...this.code, ...other.code, ...simd(0x47), ...simd(0xc4), 0x69]);
  }

  /** This where `condition` is greater than `bound`, else 0. */
  whereGreater(condition: Doubles, bound: Doubles): Doubles {
    return new Doubles([...this.code, ...condition.code, ...bound.code, ...simd(0x4a), ...simd(0x4e)]);
  }

  /** Cut off to whole numbers; 0 of what is none. */
  truncated(): Integers {
    return new Integers([...this.code, ...simd(0xfc)]);
  }

  #shuffled(other: Doubles, ...halves: readonly [number, number]): Doubles {
    const bytes = halves.flatMap((half) => Array.from({ length: 8 }, (_, byte) => half * 8 + byte));
    return new Doubles([...this.code, ...other.code, ...simd(0x0d), ...bytes]);
  }
}

/** Four whole numbers. */
export class Integers {
  readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  lane(index: 0 | 1 | 2 | 3): Int {
    return new Int([...this.code, ...simd(0x1b), index]);
  }
}

export class IntVariable extends Int {
  readonly index: number;

  constructor(index: number) {
    super([0x20, ...unsigned(index)]);
    this.index = index;
  }
}

export class VectorVariable extends Vector {
  readonly index: number;

  constructor(index: number) {
    super([0x20, ...unsigned(index)]);
    this.index = index;
  }
}

export class IntegersVariable extends Integers {
  readonly index: number;

  constructor(index: number) {
    super([0x20, ...unsigned(index)]);
    this.index = index;
  }
}

export class DoublesVariable extends Doubles {
  readonly index: number;

  constructor(index: number) {
    super([0x20, ...unsigned(index)]);
    this.index = index;
  }
}

export function int(value: Int | number): Int {
  return typeof value === "number" ? new Int([0x41, ...signed(value)]) : value;
}

const allZero: Code = [...simd(0x0c), ...new Array<number>(16).fill(0)];

/** Four zeros. */
export const zeros = new Vector(allZero);

export const noDoubles = new Doubles(allZero);

/**
 * A small assembler for WebAssembly with SIMD: enough to write loops over floats as one reads them.
 *
 * Values are expressions (code that leaves one value on the stack); variables are the locals of a function. An expression
 * may be used several times and is then computed each time, so what is costly is put in a variable.
 * Encodings: WebAssembly Core Specification 2.0, chapter 5.
 */

const i32 = 0x7f;
const v128 = 0x7b;

type Code = readonly number[];

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

  /** Four floats from this address. */
  vector(offset = 0): Vector {
    return new Vector([...this.code, ...simd(0x00), 2, ...unsigned(offset)]);
  }

  /** The float at this address, and three zeros. */
  lone(): Vector {
    return new Vector([...this.code, ...simd(0x5c), 2, 0]);
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

  #with(other: Vector, operation: number): Vector {
    return new Vector([...this.code, ...other.code, ...simd(operation)]);
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

export function int(value: Int | number): Int {
  return typeof value === "number" ? new Int([0x41, ...signed(value)]) : value;
}

/** Four zeros. */
export const zeros = new Vector([...simd(0x0c), ...new Array<number>(16).fill(0)]);

/** The statements of one function, in the order in which they are called here. Structured: loops and conditions nest. */
export class Body {
  readonly #code: number[] = [];
  readonly #locals: number[] = [];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  int(initial?: Int | number): IntVariable {
    const variable = new IntVariable(this.#local(i32));
    if (initial !== undefined) this.set(variable, int(initial));
    return variable;
  }

  vector(initial?: Vector): VectorVariable {
    const variable = new VectorVariable(this.#local(v128));
    if (initial !== undefined) this.set(variable, initial);
    return variable;
  }

  set(variable: IntVariable, value: Int): void;
  set(variable: VectorVariable, value: Vector): void;
  set(variable: { readonly index: number }, value: { readonly code: Code }): void {
    this.#emit(value.code, [0x21, ...unsigned(variable.index)]);
  }

  /** variable += amount */
  advance(variable: IntVariable, amount: Int | number): void {
    this.set(variable, variable.plus(amount));
  }

  store(address: Int, value: Float | Vector, offset = 0): void {
    const operation = value instanceof Vector ? simd(0x0b) : [0x38];
    this.#emit(address.code, value.code, operation, [2, ...unsigned(offset)]);
  }

  /** Stores one lane of a vector, a float. */
  storeLane(address: Int, value: Vector, lane: 0 | 1 | 2 | 3, offset = 0): void {
    this.#emit(address.code, value.code, simd(0x5a), [2, ...unsigned(offset), lane]);
  }

  while(condition: Int, body: () => void): void {
    // block { loop { if not condition, leave; body; again } }
    this.#emit([0x02, 0x40, 0x03, 0x40], condition.code, [0x45, 0x0d, 1]);
    body();
    this.#emit([0x0c, 0, 0x0b, 0x0b]);
  }

  /** Runs `body` `count` times, at least once; counts `count` down to 0. The fastest loop there is. */
  countDown(count: IntVariable, body: () => void): void {
    this.#emit([0x03, 0x40]);
    body();
    this.#emit(count.minus(1).code, [0x22, ...unsigned(count.index)], [0x0d, 0, 0x0b]);
  }

  if(condition: Int, then: () => void, otherwise?: () => void): void {
    this.#emit(condition.code, [0x04, 0x40]);
    then();
    if (otherwise !== undefined) {
      this.#emit([0x05]);
      otherwise();
    }
    this.#emit([0x0b]);
  }

  /** The function's body as the binary format has it: groups of locals, instructions, end. */
  bytes(): number[] {
    const locals = [...unsigned(this.#locals.length), ...this.#locals.flatMap((type) => [1, type])];
    return sized([...locals, ...this.#code, 0x0b]);
  }

  #local(type: number): number {
    return this.#parameters + this.#locals.push(type) - 1;
  }

  #emit(...parts: readonly Code[]): void {
    for (const part of parts) for (const byte of part) this.#code.push(byte);
  }
}

/** Writes a function's statements, given its parameters (all whole numbers) as variables. */
export type FunctionWriter = (body: Body, ...parameters: IntVariable[]) => void;

/**
 * The binary module of these functions. They take whole numbers, answer nothing, and work on the memory imported as
 * `host.memory`. How many parameters a function has is the writer's declared count.
 */
export function assemble(
  functions: Readonly<Record<string, { readonly parameters: number; readonly write: FunctionWriter }>>,
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(functions);
  const types = entries.map(([, { parameters }]) => [0x60, ...unsigned(parameters), ...new Array<number>(parameters).fill(i32), 0]);
  const bodies = entries.map(([, { parameters, write }]) => {
    const body = new Body(parameters);
    write(body, ...Array.from({ length: parameters }, (_, index) => new IntVariable(index)));
    return body.bytes();
  });
  const count = unsigned(entries.length);
  const memoryImport = [1, ...text("host"), ...text("memory"), 2, 0, 1];
  const functionExports = entries.map(([name], index) => [...text(name), 0, ...unsigned(index)]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, [...count, ...types.flat()]),
    ...section(2, memoryImport),
    ...section(3, [...count, ...entries.flatMap((_, index) => unsigned(index))]),
    ...section(7, [...count, ...functionExports.flat()]),
    ...section(10, [...count, ...bodies.flat()]),
  ]);
}

function section(id: number, content: Code): number[] {
  return [id, ...sized(content)];
}

function sized(content: Code): number[] {
  return [...unsigned(content.length), ...content];
}

function text(value: string): number[] {
  return sized([...new TextEncoder().encode(value)]);
}

function simd(operation: number): number[] {
  return [0xfd, ...unsigned(operation)];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    const last = rest < 64 && rest >= -64;
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

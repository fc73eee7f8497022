import { type Code, simd, unsigned } from "./encoding.ts";
import {
  type Doubles,
  DoublesVariable,
  type Float,
  type Int,
  type Integers,
  IntVariable,
  IntegersVariable,
  Vector,
  VectorVariable,
  int,
} from "./expressions.ts";

/**
 * A small assembler for WebAssembly with SIMD: enough to write loops over floats as one reads them.
 * Encodings: WebAssembly Core Specification 2.0, chapter 5.
 */

const i32 = 0x7f;
const v128 = 0x7b;

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

  doubles(initial?: Doubles): DoublesVariable {
    const variable = new DoublesVariable(this.#local(v128));
    if (initial !== undefined) this.set(variable, initial);
    return variable;
  }

  integers(): IntegersVariable {
    return new IntegersVariable(this.#local(v128));
  }

  set(variable: IntVariable, value: Int): void;
  set(variable: VectorVariable, value: Vector): void;
  set(variable: DoublesVariable, value: Doubles): void;
  set(variable: IntegersVariable, value: Integers): void;
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

  storeInteger(address: Int, value: Int, offset = 0): void {
    this.#emit(address.code, value.code, [0x36, 2, ...unsigned(offset)]);
  }

  storeDoubles(address: Int, value: Doubles, offset = 0): void {
    this.#emit(address.code, value.code, simd(0x0b), [3, ...unsigned(offset)]);
  }

  /** Stores the first two floats of a vector. */
  storePair(address: Int, value: Vector, offset = 0): void {
    this.#emit(address.code, value.code, simd(0x5b), [3, ...unsigned(offset), 0]);
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

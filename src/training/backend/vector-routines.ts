import type { SignMasking } from "../../balancers/kernels/sign-masks.ts";
import type { KernelContext } from "./kernel-context.ts";

/** Where a step's vectors lie: byte addresses of floats. */
export interface StepVectors {
  readonly gradient: number;
  /** θ, and where the moved θ goes, which may be the same place. */
  readonly parameter: number;
  readonly moved: number;
  readonly length: number;
}

/** Where Δ alone goes, instead. */
export interface UpdateVectors {
  readonly gradient: number;
  readonly update: number;
  readonly length: number;
}

/** A step's rule with its coefficients and accumulators; as src/training/optimizers has them. */
export type StepRule =
  | { readonly kind: "sgd"; readonly rate: number }
  | { readonly kind: "momentum" | "nesterov"; readonly rate: number; readonly kept: number; readonly momentum: number }
  | {
      readonly kind: "adam";
      /** η / (1−β1ᵗ) */
      readonly rate: number;
      readonly kept1: number;
      readonly fresh1: number;
      readonly kept2: number;
      readonly fresh2: number;
      /** 1 / (1−β2ᵗ) */
      readonly correction: number;
      readonly epsilon: number;
      readonly mean: number;
      readonly square: number;
    }
  /** v ← kept v + fresh g²: RMSProp, and Adagrad with 1 and 1. */
  | {
      readonly kind: "square";
      readonly rate: number;
      readonly kept: number;
      readonly fresh: number;
      readonly epsilon: number;
      readonly square: number;
    };

/** That a rule has, with the share of θ that is kept. */
const mostCoefficients = 8;

/** Numbers that are taken in at a time: so many of each row stay in the processor's nearer memory. */
const stretch = 2048;

/**
 * What is done with gradients and parameters after the way back, on vectors in the wasm backend's memory. Addresses are
 * bytes, any multiple of 4; what lies up to 12 bytes behind a vector must be readable, and is never written.
 */
export class VectorRoutines {
  readonly #context: KernelContext;

  constructor(context: KernelContext) {
    this.#context = context;
  }

  /** Asks for all memory that the routines need besides vectors, so that none of them can fail for want of it. `rows` of a sum at most. */
  reserve(rows: number): void {
    const { heap } = this.#context;
    heap.scratch("vectors:products", 16);
    heap.scratch("vectors:sums", 2 * (stretch + 4));
    heap.scratch("vectors:weights", 2 * rows);
    heap.scratch("vectors:coefficients", 2 * mostCoefficients);
  }

  /** a·b in double precision. */
  dot(a: number, b: number, length: number): number {
    const { heap, program } = this.#context;
    const out = heap.scratch("vectors:products", 16);
    program.oneProduct(a, b, out, length);
    const [low = 0, high = 0] = new Float64Array(heap.memory.buffer, out, 2);
    return low + high;
  }

  /** ‖x‖²; not finite, or beyond the largest float, where some element is not finite or its square is too large. */
  squaredNorm(x: number, length: number): number {
    return this.dot(x, x, length);
  }

  /** The K × K inner products of vectors of one length with each other, row by row, in double precision. */
  gram(rows: readonly number[], length: number): Float64Array {
    const { heap, program } = this.#context;
    const size = rows.length;
    const products = new Float64Array(size * size);
    const out = heap.scratch("vectors:products", 16);
    const found = new Float64Array(heap.memory.buffer, out, 8);
    const pairs = pairsUpTo(size);
    for (let start = 0; start < length; start += stretch) {
      const count = Math.min(stretch, length - start);
      const address = (row: number): number => (rows[Math.min(row, size - 1)] ?? 0) + start * 4;
      for (const [i, j] of pairs) {
        program.fourProducts(address(i), address(i + 1), address(j), address(j + 1), out, count);
        for (let k = 0; k < 4; k++) {
          const [row, column] = [i + (k >> 1), j + (k & 1)];
          if (row >= size || column > row) continue;
          products[row * size + column] = (products[row * size + column] ?? 0) + (found[2 * k] ?? 0) + (found[2 * k + 1] ?? 0);
        }
      }
    }
    for (let row = 0; row < size; row++)
      for (let column = 0; column < row; column++) products[column * size + row] = products[row * size + column] ?? 0;
    return products;
  }

  /** out = Σ w_i x_i, added up in double precision in the order of the rows: to the bit what plain arrays give. */
  weightedSum(rows: readonly number[], weights: readonly number[], length: number, out: number): void {
    const { heap, program } = this.#context;
    const sums = heap.scratch("vectors:sums", 2 * (stretch + 4));
    const weight = heap.scratch("vectors:weights", 2 * rows.length);
    new Float64Array(heap.memory.buffer, weight, rows.length).set(weights);
    for (let start = 0; start < length; start += stretch) {
      const count = Math.min(stretch, length - start);
      const vectors = Math.ceil(count / 4);
      heap.floats().fill(0, sums / 4, sums / 4 + vectors * 8);
      rows.forEach((row, i) => program.addWeighted(row + start * 4, weight + i * 8, sums, vectors));
      program.roundDoubles(sums, out + start * 4, count);
    }
  }

  /** out = Σ w_i m_i, of what signs drawn by these bits leave of the rows: to the bit what plain arrays give. */
  maskedSum(rows: readonly number[], weights: readonly number[], { leak, k }: SignMasking, bits: Uint32Array, out: number): void {
    const { heap, program } = this.#context;
    const { length } = bits;
    const doubles = stretch + 4;
    const up = heap.scratch("vectors:masks", 2 * 3 * doubles);
    const [down, sums] = [up + 8 * doubles, up + 16 * doubles];
    const drawn = heap.scratch("vectors:bits", stretch + 4);
    const weight = heap.scratch("vectors:weights", 2 * rows.length);
    const coefficients = this.#coefficients(k, leak, 1, 0.5, 2 ** -32);
    new Float64Array(heap.memory.buffer, weight, rows.length).set(weights);
    for (let start = 0; start < length; start += stretch) {
      const count = Math.min(stretch, length - start);
      const vectors = Math.ceil(count / 4);
      heap.floats().fill(0, up / 4, up / 4 + 2 * 3 * doubles);
      new Uint32Array(heap.memory.buffer, drawn, count).set(bits.subarray(start, start + count));
      for (const row of rows) program.addSizes(row + start * 4, up, down, vectors);
      program.drawSigns(up, down, drawn, vectors, coefficients);
      rows.forEach((row, i) => program.addMasked(row + start * 4, up, down, weight + i * 8, sums, vectors));
      program.roundDoubles(sums, out + start * 4, count);
    }
  }

  /** sums += x, rounded to floats as plain arrays are. Up to 12 bytes behind `sums` are written, too. */
  add(x: number, sums: number, length: number): void {
    this.#context.program.sumGroups(x, sums, Math.ceil(length / 4), 1);
  }

  /** Takes the gradient into the rule's accumulators and moves the parameter: θ ← `kept` θ − Δ. */
  step({ gradient, parameter, moved, length }: StepVectors, rule: StepRule, kept: number): void {
    const { program } = this.#context;
    switch (rule.kind) {
      case "sgd":
        return program.plainMove(gradient, parameter, moved, length, this.#coefficients(rule.rate, kept));
      case "momentum":
        return program.momentumMove(gradient, parameter, moved, rule.momentum, length, this.#coefficients(rule.rate, rule.kept, kept));
      case "nesterov":
        return program.nesterovMove(gradient, parameter, moved, rule.momentum, length, this.#coefficients(rule.rate, rule.kept, kept));
      case "adam":
        return program.adamMove(gradient, parameter, moved, rule.mean, rule.square, length, this.#ofAdam(rule, kept));
      case "square":
        return program.squareMove(gradient, parameter, moved, rule.square, length, this.#ofSquare(rule, kept));
    }
  }

  /** The same, with Δ written down instead of subtracted: for a sum of several. */
  update({ gradient, update, length }: UpdateVectors, rule: StepRule): void {
    const { program } = this.#context;
    switch (rule.kind) {
      case "sgd":
        return program.plainUpdate(gradient, update, length, this.#coefficients(rule.rate));
      case "momentum":
        return program.momentumUpdate(gradient, update, rule.momentum, length, this.#coefficients(rule.rate, rule.kept));
      case "nesterov":
        return program.nesterovUpdate(gradient, update, rule.momentum, length, this.#coefficients(rule.rate, rule.kept));
      case "adam":
        return program.adamUpdate(gradient, update, rule.mean, rule.square, length, this.#ofAdam(rule));
      case "square":
        return program.squareUpdate(gradient, update, rule.square, length, this.#ofSquare(rule));
    }
  }

  /** θ ← `kept` θ − Δ, with `gradient` the address of Δ. */
  move({ gradient, parameter, moved, length }: StepVectors, kept: number): void {
    this.#context.program.move(gradient, parameter, moved, length, this.#coefficients(kept));
  }

  /** Δ = factor · g / (√(correction · v) + ε), through accumulators that stay as they are. */
  attribute(
    { gradient, update, length }: UpdateVectors,
    square: number,
    { factor, correction, epsilon }: { readonly factor: number; readonly correction: number; readonly epsilon: number },
  ): void {
    this.#context.program.attributedStep(gradient, update, square, length, this.#coefficients(factor, correction, epsilon));
  }

  #ofAdam(rule: Extract<StepRule, { kind: "adam" }>, ...kept: readonly number[]): number {
    const { rate, kept1, fresh1, kept2, fresh2, correction, epsilon } = rule;
    return this.#coefficients(rate, kept1, fresh1, kept2, fresh2, correction, epsilon, ...kept);
  }

  #ofSquare(rule: Extract<StepRule, { kind: "square" }>, ...kept: readonly number[]): number {
    return this.#coefficients(rule.rate, rule.kept, rule.fresh, rule.epsilon, ...kept);
  }

  #coefficients(...values: readonly number[]): number {
    const { heap } = this.#context;
    const address = heap.scratch("vectors:coefficients", 2 * values.length);
    new Float64Array(heap.memory.buffer, address, values.length).set(values);
    return address;
  }
}

/** The even positions below `size` with each other, each pair once. */
function pairsUpTo(size: number): readonly (readonly [number, number])[] {
  const even = Array.from({ length: Math.ceil(size / 2) }, (_, index) => 2 * index);
  return even.flatMap((i) => even.filter((j) => j <= i).map((j) => [i, j] as const));
}

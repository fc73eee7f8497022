import { fc, test } from "@fast-check/vitest";
import { beforeAll, describe, expect } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { RandomStream } from "../../../../src/balancers/kernels/random-stream.ts";
import { signMasked } from "../../../../src/balancers/kernels/sign-masks.ts";
import type { KernelContext } from "../../../../src/training/backend/kernel-context.ts";
import { kernelContext } from "../../../../src/training/backend/kernels.ts";
import { VectorRoutines, type StepRule } from "../../../../src/training/backend/vector-routines.ts";
import { combine } from "../../../../src/training/gradients/gram.ts";
import { AdagradSlot } from "../../../../src/training/optimizers/adagrad.ts";
import { AdamSlot, adamCoefficients } from "../../../../src/training/optimizers/adam.ts";
import { sharesOf } from "../../../../src/training/optimizers/coefficients.ts";
import { RmspropSlot } from "../../../../src/training/optimizers/rmsprop.ts";
import { pacesOf } from "../../../../src/training/optimizers/pace-rule.ts";
import { SgdSlot } from "../../../../src/training/optimizers/sgd.ts";
import type { OptimizerSlot } from "../../../../src/training/optimizers/slot.ts";
import { numbers } from "./references.ts";

let context: KernelContext;
let routines: VectorRoutines;

beforeAll(async () => {
  await startBackend("wasm");
  const found = kernelContext();
  if (found === undefined) throw new Error("The wasm backend has its routines.");
  context = found;
  routines = new VectorRoutines(context);
});

/** Around every vector: what a routine must not change, and must not let into its result. */
const guard = -12345;
const guarded = 8;

/** A vector in the backend's memory, `shift` floats off a multiple of 64 bytes. */
class Placed {
  readonly address: number;
  readonly #length: number;
  readonly #block: number;

  constructor(name: string, values: Float32Array, shift: number) {
    this.#length = values.length;
    this.#block = context.heap.scratch(`test:${name}`, 2000);
    this.address = this.#block + (guarded + shift) * 4;
    context.heap.floats().fill(guard, this.#block / 4, this.#block / 4 + 2000);
    context.heap.floats().set(values, this.address / 4);
  }

  /** The values now; nothing around them may have changed. */
  read(): Float32Array {
    const all = context.heap.floats().slice(this.#block / 4, this.#block / 4 + 2000);
    const start = (this.address - this.#block) / 4;
    const around = [...all.subarray(0, start), ...all.subarray(start + this.#length)];
    expect(around.every((value) => value === guard)).toBe(true);
    return all.subarray(start, start + this.#length);
  }
}

const length = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(255, 256, 257, 1023, 1024, 1025));
const shift = fc.nat(3);

describe("sums over vectors", () => {
  test.prop([length, shift, fc.integer({ min: 1, max: 7 }), fc.integer()])(
    "the Gram matrix agrees with float64 to 1e-12 of the norms",
    (size, off, count, seed) => {
      const rows = Array.from({ length: count }, (_, i) => numbers(size, seed + i));
      const placed = rows.map((row, i) => new Placed(`row ${i}`, row, (off + i) % 4));
      const gram = routines.gram(
        placed.map(({ address }) => address),
        size,
      );
      const norms = rows.map((row) => Math.sqrt(exactDot(row, row)));
      rows.forEach((a, i) =>
        rows.forEach((b, j) => {
          const scale = (norms[i] ?? 0) * (norms[j] ?? 0);
          expect(Math.abs((gram[i * count + j] ?? NaN) - exactDot(a, b))).toBeLessThanOrEqual(1e-12 * scale);
        }),
      );
      placed.forEach((vector) => vector.read());
    },
  );

  test.prop([length, shift, fc.integer()])("so does the squared norm, and shows what is not finite", (size, off, seed) => {
    const x = numbers(size, seed);
    const placed = new Placed("x", x, off);
    expect(Math.abs(routines.squaredNorm(placed.address, size) / exactDot(x, x) - 1)).toBeLessThan(1e-12);
    for (const value of [NaN, Infinity, -Infinity]) {
      const broken = new Placed(
        "x",
        x.map((kept, i) => (i === size - 1 ? value : kept)),
        off,
      );
      expect(Number.isFinite(routines.squaredNorm(broken.address, size))).toBe(false);
    }
  });

  test.prop([length, shift, fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 6 }), fc.integer()])(
    "a weighted sum is to the bit that of plain arrays",
    (size, off, weights, seed) => {
      const rows = weights.map((_, i) => numbers(size, seed + i));
      const placed = rows.map((row, i) => new Placed(`row ${i}`, row, (off + i) % 4));
      const out = new Placed("out", new Float32Array(size), off);
      routines.weightedSum(
        placed.map(({ address }) => address),
        weights,
        size,
        out.address,
      );
      const [expected] = combine(
        rows.map((row) => [row]),
        weights,
        1,
      );
      expect([...out.read()]).toEqual([...(expected ?? [])]);
    },
  );

  test("a stretch ends where the next begins: longer vectors than are taken in at a time", () => {
    const size = 2 * 2048 + 5;
    const x = numbers(size, 3);
    const address = context.heap.scratch("test:long", size + 4);
    context.heap.floats().set(x, address / 4);
    const [square = NaN] = routines.gram([address], size);
    expect(Math.abs(square / exactDot(x, x) - 1)).toBeLessThan(1e-12);
    const out = context.heap.scratch("test:long sum", size + 4);
    routines.weightedSum([address, address], [0.5, 0.25], size, out);
    const expected = x.map((value) => 0.75 * value);
    expect([...context.heap.floats().slice(out / 4, out / 4 + size)]).toEqual([...expected]);
  });

  test.prop([length, shift, fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 4 }), fc.integer()])(
    "a masked sum is to the bit that of plain arrays",
    (size, off, weights, seed) => {
      const rows = weights.map((_, i) => numbers(size, seed + i));
      const placed = rows.map((row, i) => new Placed(`row ${i}`, row, (off + i) % 4));
      const out = new Placed("out", new Float32Array(size), off);
      const addresses = placed.map(({ address }) => address);
      const { bits, expected } = maskedPlainly(rows, weights, seed);
      routines.maskedSum(addresses, weights, masking, bits, out.address);
      expect([...out.read()]).toEqual(expected);
    },
  );

  test("a masked sum goes on where a stretch ends", () => {
    const size = 2 * 2048 + 5;
    const rows = [1, 2, 3].map((seed) => numbers(size, seed));
    // Where all are 0, there is nothing to draw.
    for (const row of rows) row.fill(0, 100, 110);
    const weights = [1, 0.5, -0.3];
    const placed = rows.map((_, i) => context.heap.scratch(`test:masked ${String(i)}`, size + 4));
    const out = context.heap.scratch("test:masked sum", size + 4);
    rows.forEach((row, i) => {
      context.heap.floats().set(row, (placed[i] ?? 0) / 4);
    });
    const { bits, expected } = maskedPlainly(rows, weights, 7);
    routines.maskedSum(placed, weights, masking, bits, out);
    expect([...context.heap.floats().slice(out / 4, out / 4 + size)]).toEqual(expected);
  });
});

const masking = { leak: 0.3, k: 1.5 };

function maskedPlainly(
  rows: readonly Float32Array[],
  weights: readonly number[],
  seed: number,
): { readonly bits: Uint32Array; readonly expected: readonly number[] } {
  const bits = new Uint32Array(rows[0]?.length ?? 0);
  RandomStream.seeded(seed, "masks").fillBits(bits);
  const masked = signMasked(rows, masking, bits).map((row) => [Float32Array.from(row)]);
  // One row of weight 1 is taken as it is.
  const [sum] = combine([...masked, [new Float32Array(bits.length)]], [...weights, 0], 1);
  return { bits, expected: [...(sum ?? [])] };
}

interface Optimizer {
  readonly slot: (size: number) => OptimizerSlot;
  /** The rule of step `count`, with accumulators at these addresses. */
  readonly rule: (count: number, rate: number, buffers: readonly number[]) => StepRule;
  readonly factors: (count: number) => { readonly correction: number; readonly epsilon: number } | undefined;
}

const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const optimizers: Readonly<Record<string, Optimizer>> = {
  sgd: {
    slot: (size) => new SgdSlot({ momentum: 0, nesterov: false }, size),
    rule: (_, rate) => ({ kind: "sgd", rate }),
    factors: () => undefined,
  },
  momentum: {
    slot: (size) => new SgdSlot({ momentum: 0.9, nesterov: false }, size),
    rule: (_, rate, [momentum = 0]) => ({ kind: "momentum", rate, kept: sharesOf(0.9).kept, momentum }),
    factors: () => undefined,
  },
  nesterov: {
    slot: (size) => new SgdSlot({ momentum: 0.9, nesterov: true }, size),
    rule: (_, rate, [momentum = 0]) => ({ kind: "nesterov", rate, kept: sharesOf(0.9).kept, momentum }),
    factors: () => undefined,
  },
  adam: {
    slot: (size) => new AdamSlot(adam, size),
    rule: (count, rate, [mean = 0, square = 0]) => ({ kind: "adam", ...adamCoefficients(adam, count, rate), mean, square }),
    factors: (count) => adamCoefficients(adam, count, 0),
  },
  rmsprop: {
    slot: (size) => new RmspropSlot({ rho: 0.99, epsilon: 1e-8 }, size),
    rule: (_, rate, [square = 0]) => ({ kind: "square", rate, ...sharesOf(0.99), epsilon: 1e-8, square }),
    factors: () => ({ correction: 1, epsilon: 1e-8 }),
  },
  adagrad: {
    slot: (size) => new AdagradSlot({ epsilon: 1e-10 }, size),
    rule: (_, rate, [square = 0]) => ({ kind: "square", rate, kept: 1, fresh: 1, epsilon: 1e-10, square }),
    factors: () => ({ correction: 1, epsilon: 1e-10 }),
  },
};

const rates = [0.01, 0.008, 0.008, 0.001];
/** Of what is rounded to single precision once more. */
const tolerance = 1e-6;

describe.each(Object.entries(optimizers))("steps of %s", (_, { slot: make, rule, factors }) => {
  test.prop([length, shift, fc.constantFrom(1, 0.999), fc.boolean(), fc.integer()])(
    "are to the bit the plain ones for every length, with decay, in place or not",
    (size, off, kept, inPlace, seed) => {
      const slot = make(size);
      const update = new Float32Array(size);
      const values = numbers(size, seed);
      const parameter = new Placed("parameter", values, off);
      const moved = inPlace ? parameter : new Placed("moved", values, (off + 1) % 4);
      const buffers = Object.entries(slot.buffers).map(([name, buffer]) => new Placed(name, buffer, (off + 2) % 4));
      const addresses = buffers.map(({ address }) => address);
      rates.forEach((rate, step) => {
        const gradient = numbers(size, seed + step + 1);
        const given = new Placed("gradient", gradient, (off + 3) % 4);
        slot.step(gradient, rate, update);
        const before = parameter.read().slice();
        routines.step(
          { gradient: given.address, parameter: parameter.address, moved: moved.address, length: size },
          rule(step + 1, rate, addresses),
          kept,
        );
        const expected = before.map((value, i) => kept * value - (update[i] ?? 0));
        expect([...moved.read()]).toEqual([...expected]);
        expect([...given.read()]).toEqual([...gradient]);
      });
      Object.values(slot.buffers).forEach((buffer, i) => {
        if (buffer.length > 0) expect([...(buffers[i]?.read() ?? [])]).toEqual([...buffer]);
      });
    },
  );

  test.prop([length, shift, fc.integer()])("write their update down, or what is due to a part of the gradient", (size, off, seed) => {
    const slot = make(size);
    const expected = new Float32Array(size);
    const gradient = numbers(size, seed);
    const given = new Placed("gradient", gradient, off);
    const update = new Placed("update", new Float32Array(size), (off + 1) % 4);
    const buffers = Object.entries(slot.buffers).map(([name, buffer]) => new Placed(name, buffer, (off + 2) % 4));
    const addresses = buffers.map(({ address }) => address);
    slot.step(gradient, 0.1, expected);
    routines.update({ gradient: given.address, update: update.address, length: size }, rule(1, 0.1, addresses));
    expect([...update.read()]).toEqual([...expected]);

    const square = addresses.at(-1);
    const due = factors(1);
    if (square === undefined || due === undefined) return;
    const paces = new Float64Array(size);
    pacesOf(slot.pace(0.1), slot.buffers["square"], paces);
    expected.set(paces.map((pace, i) => 0.3 * pace * (gradient[i] ?? 0)));
    routines.attribute({ gradient: given.address, update: update.address, length: size }, square, { factor: 0.03, ...due });
    expect(farthest(update.read(), expected)).toBeLessThan(tolerance);
    expect([...(buffers.at(-1)?.read() ?? [])]).toEqual([...(Object.values(slot.buffers).at(-1) ?? [])]);
  });
});

test.prop([length, shift, fc.integer()])("a written update moves the parameter as the step would", (size, off, seed) => {
  const update = numbers(size, seed);
  const values = numbers(size, seed + 1);
  const given = new Placed("update", update, off);
  const parameter = new Placed("parameter", values, (off + 1) % 4);
  routines.move({ gradient: given.address, parameter: parameter.address, moved: parameter.address, length: size }, 0.5);
  expect([...parameter.read()]).toEqual([...values.map((value, i) => 0.5 * value - (update[i] ?? 0))]);
});

function exactDot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/** Largest distance, absolute below 1 and relative above. */
function farthest(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a = NaN, e = NaN] = [actual[i], expected[i]];
    most = Math.max(most, Math.abs(a - e) / Math.max(1, Math.abs(e)));
    if (Number.isNaN(a)) return Infinity;
  }
  return most;
}

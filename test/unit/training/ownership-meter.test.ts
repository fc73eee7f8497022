import { fc, test } from "@fast-check/vitest";
import { tensor, variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { Dominance, type Ownership } from "../../../src/training/dominance.ts";
import { combine } from "../../../src/training/gradients/gram.ts";
import { productsOf } from "../../../src/training/gradients/products.ts";
import { DirectionUpdate, type MoveObserver } from "../../../src/training/optimizers/common-update.ts";
import { OptimizerMemory } from "../../../src/training/optimizers/memory.ts";
import { resolveOptimizer } from "../../../src/training/optimizers/optimizer.ts";
import type { Precision } from "../../../src/training/shared-step.ts";
import { TrainedParameter } from "../../../src/training/trained-parameter.ts";
import { numbers } from "./backend/references.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

const optimizers = {
  sgd: { sgd: { learningRate: 0.1 } },
  nesterov: { sgd: { learningRate: 0.1, momentum: 0.9, nesterov: true } },
  adam: { adam: { learningRate: 0.1 } },
  rmsprop: { rmsprop: { learningRate: 0.1 } },
  adagrad: { adagrad: { learningRate: 0.1 } },
};

interface Case {
  readonly optimizer: keyof typeof optimizers;
  readonly size: number;
  /** Elements of a gradient that lie together. */
  readonly piece: number;
  readonly reach: readonly number[];
  readonly seed: number;
  /** Whether the meter is given what each task moved, and not what that follows of. */
  readonly areKnown: boolean;
}

const rates = [0.1, 0.05, 0.05];
/** Of three tasks. */
const weights = [0.25, 1.5, 1];

/** Told by `observe` of plain arrays, by `attribute`, and the products of the last step. */
interface Told {
  readonly plain: Dominance;
  readonly meter: Dominance;
  readonly expected: readonly number[];
  readonly products: readonly number[];
}

/** The same steps, of rows that are arrays and of such as come in pieces. */
function told({ optimizer: name, size, piece, reach, seed, areKnown }: Case, precision: Precision): Told {
  const optimizer = resolveOptimizer(optimizers[name]);
  const memory = new OptimizerMemory(optimizer);
  const common = variable(tensor(numbers(size, seed)));
  const parameter = new TrainedParameter(
    { name: "a.kernel", layer: "a", weight: "kernel", variable: common, declared: { part: "trunk" } },
    reach,
  );
  const update = new DirectionUpdate([parameter], { rate: 0, of: "all" }, memory, 3);
  const [plain, meter] = [new Dominance([parameter], 3, 0.9), new Dominance([parameter], 3, 0.9)];
  const slot = memory.slot(parameter.name, size);
  let expected: readonly number[] = [];
  let products: readonly number[] = [];
  rates.forEach((rate, step) => {
    // Some that nothing moves, and some that one task alone does.
    const gradients = [0, 1, 2].map((task) => numbers(size, seed + 10 * step + task).map((value, i) => (i % 7 <= task ? 0 : value)));
    const rows = gradients.map((gradient, task) => (reach.includes(task) ? [gradient] : [undefined]));
    const direction = combine(rows, weights, 1);
    plain.begin(10 * step + 1);
    let moves: Parameters<MoveObserver["observe"]>[1] = [];
    const observer: MoveObserver = {
      observe: (index, updates) => {
        plain.observe(index, updates);
        moves = updates;
      },
    };
    update.apply({ tasks: [0, 1, 2], weights, direction, rows, rate }, observer);
    meter.begin(10 * step + 1);
    const piecewise = (row: Float32Array | undefined, start: number, count: number): Float32Array =>
      row?.slice(start, start + count) ?? new Float32Array(0);
    const told = meter.attribute(0, {
      gradients: {
        length: piece,
        read: (task, start, count) => piecewise(gradients[task], start, count),
        readDirection: (start, count) => piecewise(direction[0], start, count),
      },
      moves: areKnown
        ? { read: (task, start, count) => piecewise(moves[reach.indexOf(task)], start, count) }
        : { weights, pace: slot.pace(rate), square: slot.buffers["square"] },
      precision,
      asksProducts: true,
    });
    expected = productsOf([...rows, direction])
      .gram()
      .flat();
    products = [...told];
  });
  common.dispose();
  return { plain, meter, expected, products };
}

/** Counts of elements, as shares of one. */
function figures({ tensors: [tensor], trunk }: Ownership): readonly number[] {
  return [...(tensor?.mean ?? []), ...(tensor?.dominated ?? []), ...trunk.mean, ...trunk.dominated];
}

const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1023, 1024, 1025, 4095, 4096, 4097, 9001));
const steps = fc.record({
  optimizer: fc.constantFrom<(keyof typeof optimizers)[]>("sgd", "nesterov", "adam", "rmsprop", "adagrad"),
  size,
  reach: fc.constantFrom([0, 1, 2], [0, 2], [1, 2]),
  seed: fc.integer(),
  areKnown: fc.boolean(),
});

describe("accumulated updates that are taken in where the gradients are", () => {
  test.prop([steps])(
    "are to the bit those of plain arrays in double precision, and so are the shares and products that are told with them",
    (each) => {
      const { plain, meter, products, expected: exact } = told({ ...each, piece: each.size }, "double");
      expect(products).toEqual(exact);
      expect(meter.accumulated).toEqual(plain.accumulated);
      const expected = plain.measure();
      expect(meter.measure()).toEqual(expected);
      // The second time they are counted anew.
      expect(meter.measure()).toEqual(expected);
    },
  );

  test.prop([steps, fc.integer({ min: 1, max: 9 })])(
    "differ from them by rounding in single precision, gradients in pieces",
    (each, pieces) => {
      const { plain, meter, products, expected: exact } = told({ ...each, piece: Math.ceil(each.size / pieces) }, "single");
      const longest = Math.max(...exact);
      products.forEach((value, i) => expect(Math.abs(value - (exact[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-6 * longest));
      plain.accumulated.flat().forEach((expected, row) => {
        const found = meter.accumulated.flat()[row];
        expected.forEach((value, i) => expect(Math.abs((found?.[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(2e-6 * value));
      });
      const [shares, expected] = [meter.measure(), plain.measure()];
      // A share beside a limit may be counted on its other side.
      const beside = 3 / each.size;
      figures(shares).forEach((value, i) => expect(Math.abs(value - (figures(expected)[i] ?? Number.NaN))).toBeLessThan(1e-6 + beside));
      (shares.tensors[0]?.mean ?? []).forEach((value, i) => expect(value).toBeCloseTo(expected.tensors[0]?.mean[i] ?? Number.NaN, 6));
      const counted = shares.tensors[0]?.histogram.reduce((sum, count) => sum + count, 0);
      expect(counted).toBe(each.size * each.reach.length);
    },
  );

  test.each(["double", "single"] as const)("are shared where they are as small as numbers can be, in %s precision", (precision) => {
    const parameter = (name: string): TrainedParameter =>
      new TrainedParameter({ name, layer: "a", weight: "kernel", variable: variable(tensor(new Float32Array(4))), declared: { part: "trunk" } }, [0, 1]); // prettier-ignore
    const dominance = new Dominance([parameter("b.kernel")], 2, 0.9);
    const least = 2 ** -149;
    dominance.accumulated[0]?.[0]?.set([3 * least, 0, 1, 3e20]);
    dominance.accumulated[0]?.[1]?.set([least, least, 3, 1e20]);
    dominance.begin(0);
    const still = { length: 4, read: (_: number, __: number, count: number): Float32Array => new Float32Array(count) };
    dominance.attribute(0, {
      gradients: still,
      moves: { weights: [1, 1], pace: { rate: 1, bySquare: undefined }, square: undefined },
      precision,
      asksProducts: false,
    });
    expect(dominance.measure().tensors[0]?.mean[0]).toBeCloseTo((0.75 + 0 + 0.25 + 0.75) / 4, 6);
  });
});

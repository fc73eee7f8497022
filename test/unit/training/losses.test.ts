import { fc, test } from "@fast-check/vitest";
import { memory, tensor, valueAndGrad, type Tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect } from "vitest";
import { lossNames, lossOptions, type ClassWeights, type LossEntry } from "../../../src/experiment/losses.ts";
import { taskKindNames, taskKinds, type TaskKind } from "../../../src/experiment/task-kinds.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import { DataError } from "../../../src/training/data/data-error.ts";
import type { TaskTargets } from "../../../src/training/data/dataset.ts";
import { lossOf, taskLoss } from "../../../src/training/losses/losses.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

const names = ["a", "b", "c", "d"];

/** Targets of a kind: four classes or labels, three components, or 1 × 2 pixels. */
function targetsOf(kind: TaskKind, changes: Partial<TaskTargets> = {}): TaskTargets {
  const shapes: Partial<Record<TaskKind, readonly number[]>> = { "multi-label": [4], regression: [3], segmentation: [1, 2] };
  return {
    id: "task",
    kind,
    classes: kind === "regression" ? [] : kind === "binary" ? ["no", "yes"] : names,
    shape: shapes[kind] ?? [],
    numbers: kind === "regression" ? [0, 1, 2].map(() => ({ mean: 0, deviation: 1 })) : [],
    ...changes,
  };
}

/** Outputs of a row: what the kind's output layer gives. */
function widthOf(kind: TaskKind, loss: LossEntry): number {
  const widths: Record<TaskKind, number> = { classification: 4, binary: 1, "multi-label": 4, ordinal: 3, regression: 3, segmentation: 8 };
  return widths[kind] * (loss === "gaussian" ? 2 : 1);
}

interface Case {
  readonly kind: TaskKind;
  readonly loss: LossEntry;
  readonly outputs: readonly (readonly number[])[];
  /** One row a batch row; undefined where it has no label, NaN for what is not known of it. */
  readonly truth: readonly (readonly number[] | undefined)[];
  readonly targets?: TaskTargets;
}

/** The loss of a batch as training computes it, and its gradient. */
function computed({ kind, loss, outputs, truth, targets = targetsOf(kind) }: Case): {
  readonly loss: number;
  readonly gradient: readonly number[];
} {
  const size = targets.shape.reduce((product, side) => product * side, 1);
  return inTensorScope(() => {
    const batch = makeBatch(
      { inputs: [], tasks: [targets] },
      {
        rows: outputs.length,
        inputs: [],
        targets: [Float32Array.from(truth.flatMap((row) => row ?? new Array<number>(size).fill(0)))],
        present: [Uint8Array.from(truth, (row) => (row === undefined ? 0 : 1))],
      },
    );
    const [wanted] = batch.targets;
    if (wanted === undefined) throw new Error("No row has a label.");
    const { compute } = taskLoss({ kind, loss }, targets);
    const shape = kind === "segmentation" ? [outputs.length, 1, 2, 4] : [outputs.length, outputs[0]?.length ?? 0];
    const { value, grad } = valueAndGrad((x: Tensor) => compute(x, wanted.target, wanted.rowWeight))(tensor(outputs.flat(), shape));
    return { loss: value.dataSync()[0] ?? Number.NaN, gradient: [...grad.dataSync()] };
  });
}

const logistic = (z: number): number => 1 / (1 + Math.exp(-z));
const softmax = (z: readonly number[]): number[] => {
  const powers = z.map((value) => Math.exp(value - Math.max(...z)));
  return powers.map((power) => power / powers.reduce((sum, each) => sum + each, 0));
};
const known = (values: readonly number[]): number[] => values.flatMap((value, place) => (Number.isNaN(value) ? [] : [place]));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The same losses on the plain numbers of one row, straight from their equations. */
const ofRow: Readonly<Record<string, (z: readonly number[], y: readonly number[]) => number>> = {
  "classification cross-entropy": (z, [y = 0]) => -Math.log(softmax(z)[y] ?? 0),
  "classification focal": (z, [y = 0]) => -((1 - (softmax(z)[y] ?? 0)) ** 2) * Math.log(softmax(z)[y] ?? 0),
  "binary binary-cross-entropy": ([z = 0], [y]) => -Math.log(y === 1 ? logistic(z) : 1 - logistic(z)),
  "binary focal": ([z = 0], [y]) => {
    const p = y === 1 ? logistic(z) : 1 - logistic(z);
    return -((1 - p) ** 2) * Math.log(p);
  },
  "multi-label binary-cross-entropy": (z, y) =>
    mean(known(y).map((i) => -Math.log(y[i] === 1 ? logistic(z[i] ?? 0) : 1 - logistic(z[i] ?? 0)))),
  "ordinal ordinal-cross-entropy": (z, [y = 0]) =>
    z.reduce((sum, logit, k) => sum - Math.log(y > k ? logistic(logit) : 1 - logistic(logit)), 0),
  "regression mse": (z, y) => mean(known(y).map((i) => ((z[i] ?? 0) - (y[i] ?? 0)) ** 2)),
  "regression mae": (z, y) => mean(known(y).map((i) => Math.abs((z[i] ?? 0) - (y[i] ?? 0)))),
  "regression huber": (z, y) =>
    mean(
      known(y).map((i) => {
        const d = Math.abs((z[i] ?? 0) - (y[i] ?? 0));
        return d <= 1 ? 0.5 * d * d : d - 0.5;
      }),
    ),
  "regression cosine": (z, y) => {
    const along = (a: readonly number[], b: readonly number[]): number => known(y).reduce((sum, i) => sum + (a[i] ?? 0) * (b[i] ?? 0), 0);
    return 1 - along(z, y) / Math.sqrt(along(z, z) * along(y, y));
  },
  "regression gaussian": (z, y) =>
    mean(
      known(y).map((i) => {
        const s = z[3 + i] ?? 0;
        return 0.5 * (s + ((z[i] ?? 0) - (y[i] ?? 0)) ** 2 * Math.exp(-s));
      }),
    ),
  "segmentation cross-entropy": (z, y) =>
    mean(known(y).map((pixel) => -Math.log(softmax(z.slice(4 * pixel, 4 * pixel + 4))[y[pixel] ?? 0] ?? 0))),
  "segmentation focal": (z, y) =>
    mean(
      known(y).map((pixel) => {
        const p = softmax(z.slice(4 * pixel, 4 * pixel + 4))[y[pixel] ?? 0] ?? 0;
        return -((1 - p) ** 2) * Math.log(p);
      }),
    ),
};

function byHand(name: string, { outputs, truth }: Pick<Case, "outputs" | "truth">): number {
  const row = ofRow[name];
  if (row === undefined) throw new Error(`Nobody wrote down ${name}.`);
  return mean(outputs.flatMap((z, i) => (truth[i] === undefined ? [] : [row(z, truth[i])])));
}

const output = fc.double({ min: -5, max: 5, noNaN: true });
const orUnknown = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | number> =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(Number.NaN) });

/** A row's targets, with unknown parts where the kind has parts. */
function truthOf(kind: TaskKind, number = output): fc.Arbitrary<readonly number[]> {
  const someKnown = (values: fc.Arbitrary<number>, length: number): fc.Arbitrary<readonly number[]> =>
    fc.array(orUnknown(values), { minLength: length, maxLength: length }).filter((row) => !row.every(Number.isNaN));
  switch (kind) {
    case "classification":
    case "ordinal":
      return fc.tuple(fc.nat(3));
    case "binary":
      return fc.tuple(fc.nat(1));
    case "multi-label":
      return someKnown(fc.nat(1), 4);
    case "regression":
      return someKnown(number, 3);
    case "segmentation":
      return someKnown(fc.nat(3), 2);
  }
}

/** Where two lines meet there is no difference to compare a slope with. */
function isBend(loss: string, error: number): boolean {
  return (loss === "mae" && Math.abs(error) < 1e-2) || (loss === "huber" && Math.abs(Math.abs(error) - 1) < 1e-2);
}

const fitting = taskKindNames.flatMap((kind) => taskKinds[kind].losses.map((loss) => ({ kind, loss })));

describe.each(fitting)("$loss of $kind", ({ kind, loss }) => {
  const width = widthOf(kind, loss);
  // Next to 0 a vector has hardly a direction; what happens there is told of below.
  const number = loss === "cosine" ? output.map((value) => value + (value < 0 ? -0.2 : 0.2)) : output;
  const row = fc.tuple(
    fc.array(number, { minLength: width, maxLength: width }),
    fc.option(truthOf(kind, number), { nil: undefined, freq: 4 }),
  );
  const rows = fc.array(row, { minLength: 1, maxLength: 4 }).filter((all) => all.some(([, truth]) => truth !== undefined));

  test.prop([rows])("is the mean over the labelled rows of its equation, and its gradient that of central differences", (drawn) => {
    const outputs = drawn.map(([z]) => z);
    const truth = drawn.map(([, y]) => y);
    const found = computed({ kind, loss, outputs, truth });
    const name = `${kind} ${loss}`;
    const exact = byHand(name, { outputs, truth });
    expect(Math.abs(found.loss - exact)).toBeLessThan(1e-5 * Math.max(1, Math.abs(exact)));
    found.gradient.forEach((slope, place) => {
      if (
        isBend(loss, (outputs[Math.floor(place / width)]?.[place % width] ?? 0) - (truth[Math.floor(place / width)]?.[place % width] ?? 0))
      )
        return;
      const at = (shift: number): number =>
        byHand(name, { outputs: outputs.map((z, i) => z.map((value, c) => (i * width + c === place ? value + shift : value))), truth });
      const difference = (at(1e-5) - at(-1e-5)) / 2e-5;
      expect(Math.abs(slope - difference)).toBeLessThan(1e-4 * Math.max(1, Math.abs(difference)));
    });
  });

  test("stays finite far out, right and wrong", () => {
    const truth: Record<TaskKind, readonly number[]> = {
      classification: [0],
      binary: [1],
      "multi-label": [1, 0, 1, 0],
      ordinal: [2],
      regression: [3, -2, 1],
      segmentation: [0, 3],
    };
    for (const far of [1e4, -1e4]) {
      const outputs = [Array.from({ length: width }, (_, c) => (c % 2 === 0 ? far : -far))];
      // A log variance is kept in bounds, so its mean is not pulled to where squares overflow.
      const { loss: value, gradient } = computed({ kind, loss, outputs, truth: [truth[kind]] });
      expect(Number.isFinite(value)).toBe(true);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });

  test("keeps no tensor", () => {
    const [truth] = fc.sample(truthOf(kind), { numRuns: 1, seed: 1 });
    const before = memory().numTensors;
    computed({ kind, loss, outputs: [new Array<number>(width).fill(0.5)], truth: [truth] });
    expect(memory().numTensors).toBe(before);
  });
});

describe("at the edges", () => {
  test("an absolute error of 0 has slope 0", () => {
    const targets = targetsOf("regression", { shape: [], numbers: [{ mean: 0, deviation: 1 }] });
    expect(computed({ kind: "regression", loss: "mae", outputs: [[2]], truth: [[2]], targets })).toEqual({ loss: 0, gradient: [0] });
  });
  test("a vector of 0 has a cosine of 0, and its slope turns it to the target", () => {
    const { loss, gradient } = computed({ kind: "regression", loss: "cosine", outputs: [[0, 0, 0]], truth: [[3, 0, 4]] });
    expect(loss).toBe(1);
    [-60, 0, -80].forEach((slope, c) => {
      expect(gradient[c]).toBeCloseTo(slope, 3);
    });
    const towardsNothing = computed({ kind: "regression", loss: "cosine", outputs: [[1, 2, 3]], truth: [[0, 0, 0]] });
    expect(towardsNothing.loss).toBe(1);
    expect(towardsNothing.gradient.map(Math.abs)).toEqual([0, 0, 0]);
  });
  test("focal with γ 0 is cross-entropy", () => {
    const [outputs, truth] = [[[1, -2, 0.5, 3]], [[1]]];
    const plain = computed({ kind: "classification", loss: "cross-entropy", outputs, truth });
    const focal = computed({ kind: "classification", loss: { focal: { gamma: 0 } }, outputs, truth });
    expect(focal.loss).toBeCloseTo(plain.loss, 5);
    focal.gradient.forEach((slope, c) => {
      expect(slope).toBeCloseTo(plain.gradient[c] ?? Number.NaN, 5);
    });
  });
  test("a log variance beyond its bounds is led back", () => {
    const targets = targetsOf("regression", { shape: [], numbers: [{ mean: 0, deviation: 1 }] });
    const slopeAt = (s: number, error: number): number =>
      computed({ kind: "regression", loss: "gaussian", outputs: [[error, s]], truth: [[0]], targets }).gradient[1] ?? Number.NaN;
    expect(slopeAt(-20, 1)).toBeLessThan(0);
    expect(slopeAt(20, 1)).toBeGreaterThan(0);
  });
  test("it can be below 0", () => {
    const targets = targetsOf("regression", { shape: [], numbers: [{ mean: 0, deviation: 1 }] });
    expect(computed({ kind: "regression", loss: "gaussian", outputs: [[0, -4]], truth: [[0]], targets }).loss).toBe(-2);
  });
});

describe("options", () => {
  const outputs = [
    [1, -2, 0.5, 3],
    [0, 1, 2, -1],
  ];
  const truth = [[1], [2]];
  test("label smoothing mixes the truth with all classes alike", () => {
    const smoothing = 0.2;
    const expected = mean(
      outputs.map((z, i) =>
        softmax(z).reduce((sum, p, c) => sum - ((c === truth[i]?.[0] ? 1 - smoothing : 0) + smoothing / 4) * Math.log(p), 0),
      ),
    );
    const loss: LossEntry = { "cross-entropy": { labelSmoothing: smoothing } };
    const { loss: value, gradient } = computed({ kind: "classification", loss, outputs, truth });
    expect(value).toBeCloseTo(expected, 5);
    gradient.forEach((slope, place) => {
      const [row, c] = [Math.floor(place / 4), place % 4];
      const wanted = (c === truth[row]?.[0] ? 1 - smoothing : 0) + smoothing / 4;
      expect(slope).toBeCloseTo(((softmax(outputs[row] ?? [])[c] ?? 0) - wanted) / 2, 5);
    });
  });
  test.each([0, 0.1])(
    "class weights multiply a row by the weight of its class, and the mean is over the rows: smoothing %f",
    (labelSmoothing) => {
      const unweighted: LossEntry = { "cross-entropy": { labelSmoothing } };
      const plain = computed({ kind: "classification", loss: unweighted, outputs, truth });
      const given: readonly ClassWeights[] = [[1, 3, 0.5, 1], { b: 3, c: 0.5 }];
      for (const classWeights of given) {
        const entry: LossEntry = { "cross-entropy": { labelSmoothing, classWeights } };
        const weighted = computed({ kind: "classification", loss: entry, outputs, truth });
        weighted.gradient.forEach((slope, place) => {
          expect(slope).toBeCloseTo((plain.gradient[place] ?? 0) * (place < 4 ? 3 : 0.5), 5);
        });
      }
    },
  );
  test("balanced classes count alike, and 1 on average", () => {
    const targets = targetsOf("classification", { counts: [10, 60, 30, 0] });
    const loss: LossEntry = { "cross-entropy": { labelSmoothing: 0, classWeights: "balanced" } };
    const flat = [0, 0, 0, 0];
    const weightOf = (c: number): number =>
      computed({ kind: "classification", loss, outputs: [flat], truth: [[c]], targets }).loss / Math.log(4);
    expect(weightOf(0)).toBeCloseTo(100 / (3 * 10), 5);
    expect(0.1 * weightOf(0) + 0.6 * weightOf(1) + 0.3 * weightOf(2)).toBeCloseTo(1, 5);
  });
  test("positives of a label count as much as its negatives", () => {
    const targets = targetsOf("multi-label", { counts: [10, 40, 0, 20], absences: [90, 10, 50, 20] });
    const loss: LossEntry = { "binary-cross-entropy": { positiveWeight: "balanced" } };
    const { gradient } = computed({ kind: "multi-label", loss, outputs: [[0, 0, 0, 0]], truth: [[1, 1, 1, 1]], targets });
    [9, 0.25, 1, 1].forEach((weight, label) => {
      expect(gradient[label]).toBeCloseTo((-0.5 * weight) / 4, 5);
    });
  });
  test("Huber's bend is where it is put", () => {
    const targets = targetsOf("regression", { shape: [], numbers: [{ mean: 0, deviation: 1 }] });
    const at = (error: number): number =>
      computed({ kind: "regression", loss: { huber: { delta: 2 } }, outputs: [[error]], truth: [[0]], targets }).loss;
    expect(at(1.5)).toBeCloseTo(0.5 * 1.5 ** 2, 5);
    expect(at(3)).toBeCloseTo(2 * 3 - 2, 5);
  });
  test.each<[string, TaskKind, LossEntry, Partial<TaskTargets>]>([
    ["weights for another number of classes", "classification", { "cross-entropy": { labelSmoothing: 0, classWeights: [1, 2] } }, {}],
    ["a weight for no class", "classification", { "cross-entropy": { labelSmoothing: 0, classWeights: { e: 2 } } }, {}],
    ["classes that nobody counted", "classification", { "cross-entropy": { labelSmoothing: 0, classWeights: "balanced" } }, {}],
    ["a label's weight for a class", "binary", { "binary-cross-entropy": { positiveWeight: { yes: 2 } } }, {}],
  ])("%s are refused", (_, kind, loss, changes) => {
    try {
      taskLoss({ kind, loss }, targetsOf(kind, changes));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      expect([error.code, error.path.slice(0, 3)]).toEqual(["MTL356", ["tasks", "task", "loss"]]);
      return;
    }
    throw new Error("Nothing was refused.");
  });
});

test("a constant answer is no worse than it is said to be", () => {
  for (const { kind, loss } of fitting) {
    const zero = new Array<number>(widthOf(kind, loss)).fill(0);
    const truth: Record<TaskKind, readonly number[]> = {
      classification: [0],
      binary: [1],
      "multi-label": [1, 0, 1, 0],
      ordinal: [2],
      regression: [1, -1, 1],
      segmentation: [0, 3],
    };
    const { loss: value } = computed({ kind, loss, outputs: [zero], truth: [truth[kind]] });
    expect(value).toBeLessThanOrEqual(taskLoss({ kind, loss }, targetsOf(kind)).ofConstant + 1e-5);
  }
});

test("every loss is some kind's, and a task that names none gets the first of its kind", () => {
  expect([...new Set(fitting.map(({ loss }) => loss))].sort()).toEqual([...lossNames].sort());
  expect(Object.keys(lossOptions)).toEqual([...lossNames]);
  expect(lossOf({ kind: "classification" })).toBe("cross-entropy");
  expect(lossOf({ kind: "regression" })).toBe("mse");
  expect(lossOf({ kind: "regression", loss: { huber: { delta: 3 } } })).toBe("huber");
});

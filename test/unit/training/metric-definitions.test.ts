import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { metricFacts, metricNames, type MetricName } from "../../../src/experiment/metrics.ts";
import { taskKindNames, taskKinds, type TaskKind } from "../../../src/experiment/task-kinds.ts";
import type { TaskTargets } from "../../../src/training/data/dataset.ts";
import { describeTask, metricsOf, TaskMetrics } from "../../../src/training/metrics/metrics.ts";
import { performanceOf } from "../../../src/training/performance.ts";
import { averageRanks } from "../../../src/training/metrics/ranks.ts";

/** Rows of a task as training hands them over, each with its label or without. */
interface Rows {
  readonly targets: TaskTargets;
  readonly outputs: readonly (readonly number[])[];
  readonly truth: readonly (readonly number[])[];
  readonly present: readonly boolean[];
}

function measured({ targets, outputs, truth, present }: Rows, name: MetricName, batches: readonly number[] = [outputs.length]): number {
  const metrics = new TaskMetrics(targets, [name], outputs.length);
  let start = 0;
  for (const rows of batches) {
    const part = <T>(all: readonly T[]): readonly T[] => all.slice(start, start + rows);
    metrics.add(
      Float32Array.from(part(outputs).flat()),
      Float32Array.from(part(truth).flat()),
      Uint8Array.from(part(present), (each) => (each ? 1 : 0)),
    );
    start += rows;
  }
  return metrics.value(name);
}

const classes = ["a", "b", "c", "d"];
const logit = fc.double({ min: -4, max: 4, noNaN: true }).map((value) => Math.fround(Math.round(value * 1000) / 1000));
/** With many ties. */
const coarse = fc.integer({ min: -3, max: 3 });
const score = fc.oneof(coarse, logit);
const maybe = fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });

function rowsOf(
  targets: TaskTargets,
  output: fc.Arbitrary<number>,
  width: number,
  truth: fc.Arbitrary<number>,
  size: number,
  unknown = false,
): fc.Arbitrary<Rows> {
  const label = unknown ? fc.oneof({ weight: 5, arbitrary: truth }, { weight: 1, arbitrary: fc.constant(Number.NaN) }) : truth;
  const row = fc.record({
    output: fc.array(output, { minLength: width, maxLength: width }),
    truth: fc.array(label, { minLength: size, maxLength: size }),
    present: maybe,
  });
  return fc.array(row, { minLength: 1, maxLength: 25 }).map((rows) => ({
    targets,
    outputs: rows.map((each) => each.output),
    truth: rows.map((each) => each.truth),
    present: rows.map((each) => each.present),
  }));
}

const task = (kind: TaskKind, changes: Partial<TaskTargets> = {}): TaskTargets => ({
  id: "task",
  kind,
  classes,
  shape: [],
  numbers: [],
  ...changes,
});
const numbers = [
  { mean: 10, deviation: 2 },
  { mean: -3, deviation: 0.5 },
];

const drawn = {
  classification: rowsOf(task("classification"), score, 4, fc.nat(3), 1),
  binary: rowsOf(task("binary", { classes: ["no", "yes"] }), score, 1, fc.nat(1), 1),
  "multi-label": rowsOf(task("multi-label", { classes: ["x", "y", "z"], shape: [3] }), score, 3, fc.nat(1), 3, true),
  ordinal: rowsOf(task("ordinal"), score, 3, fc.nat(3), 1),
  regression: rowsOf(task("regression", { classes: [], shape: [2], numbers }), score, 2, score, 2, true),
  segmentation: rowsOf(task("segmentation", { shape: [1, 2] }), score, 8, fc.nat(3), 2, true),
} as const satisfies Record<TaskKind, fc.Arbitrary<Rows>>;

/** Pairs of label and answer, of everything that has a label. */
function answers({ targets, outputs, truth, present }: Rows, answer: (output: readonly number[]) => number): [number, number][] {
  const size = targets.shape.reduce((product, side) => product * side, 1);
  return outputs.flatMap((output, row) => {
    if (present[row] !== true) return [];
    const width = output.length / size;
    return (truth[row] ?? []).flatMap((label, place): [number, number][] =>
      Number.isNaN(label) ? [] : [[label, answer(output.slice(place * width, (place + 1) * width))]],
    );
  });
}

const argmax = (z: readonly number[]): number => z.indexOf(Math.max(...z));
const passed = (z: readonly number[]): number => z.filter((each) => each > 0).length;
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const share = (pairs: readonly (readonly [number, number])[], holds: (label: number, answer: number) => boolean): number =>
  meanOf(pairs.map(([label, answer]) => (holds(label, answer) ? 1 : 0)));

/** From a list of hits and misses, as textbooks have them. */
function confusion(pairs: readonly (readonly [number, number])[], c: number): { tp: number; fp: number; fn: number } {
  const count = (holds: (label: number, answer: number) => boolean): number =>
    pairs.filter(([label, answer]) => holds(label, answer)).length;
  return {
    tp: count((y, z) => y === c && z === c),
    fp: count((y, z) => y !== c && z === c),
    fn: count((y, z) => y === c && z !== c),
  };
}

function f1(pairs: readonly (readonly [number, number])[], c: number): number {
  const { tp, fp, fn } = confusion(pairs, c);
  const [precision, recall] = [tp / (tp + fp), tp / (tp + fn)];
  if (tp + fp + fn === 0) return Number.NaN;
  return tp === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

const ofNumbers = (values: readonly number[]): number => meanOf(values.filter((value) => !Number.isNaN(value)));
const four = [0, 1, 2, 3];

function areaByPairs(scores: readonly number[], labels: readonly boolean[]): number {
  const wins: number[] = [];
  scores.forEach((a, i) => {
    scores.forEach((b, j) => {
      if (labels[i] === true && labels[j] === false) wins.push(a > b ? 1 : a === b ? 0.5 : 0);
    });
  });
  return meanOf(wins);
}

function rankByCounting(values: readonly number[]): number[] {
  return values.map((value) => values.filter((other) => other < value).length + (values.filter((other) => other === value).length + 1) / 2);
}

function pearson(a: readonly number[], b: readonly number[]): number {
  const [middleA, middleB] = [meanOf(a), meanOf(b)];
  const sum = (of: (x: number, y: number) => number): number =>
    a.reduce((total, x, i) => total + of(x - middleA, (b[i] ?? 0) - middleB), 0);
  const product = sum((x, y) => x * y);
  const length = Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
  return length > 0 ? product / length : Number.NaN;
}

/** Answer and label of each row that has component c, standardised as they come. */
function component({ outputs, truth, present }: Rows, c: number): { z: number[]; y: number[] } {
  const rows = outputs.flatMap((_, row) => (present[row] === true && !Number.isNaN(truth[row]?.[c] ?? Number.NaN) ? [row] : []));
  return { z: rows.map((row) => outputs[row]?.[c] ?? 0), y: rows.map((row) => truth[row]?.[c] ?? 0) };
}

function close(found: number, expected: number): void {
  if (Number.isNaN(expected)) expect(found).toBeNaN();
  else expect(found).toBeCloseTo(expected, 9);
}

describe("classification", () => {
  test.prop([drawn.classification])("accuracy, balanced accuracy and macro F1", (rows) => {
    const pairs = answers(rows, argmax);
    close(
      measured(rows, "accuracy"),
      share(pairs, (y, z) => y === z),
    );
    const recalls = four.map((c) =>
      share(
        pairs.filter(([y]) => y === c),
        (y, z) => y === z,
      ),
    );
    close(measured(rows, "balanced-accuracy"), ofNumbers(recalls));
    close(measured(rows, "f1"), ofNumbers(four.map((c) => f1(pairs, c))));
  });
  test.prop([drawn.classification, fc.integer({ min: 2, max: 4 })])(
    "top k: the label is among the k likeliest, the first of equals being likelier",
    (rows, k) => {
      const pairs = rows.outputs.flatMap((z, row): [number, number[]][] => {
        const order = [0, 1, 2, 3].sort((a, b) => (z[b] ?? 0) - (z[a] ?? 0));
        return rows.present[row] === true ? [[rows.truth[row]?.[0] ?? 0, order.slice(0, k)]] : [];
      });
      close(measured(rows, `top${k}`), meanOf(pairs.map(([y, best]) => (best.includes(y) ? 1 : 0))));
    },
  );
  test.prop([drawn.classification])("auc: each class against the rest by its share, over the classes that can be compared", (rows) => {
    const labelled = rows.outputs.flatMap((z, row) => (rows.present[row] === true ? [{ z, y: rows.truth[row]?.[0] ?? 0 }] : []));
    const logShare = (z: readonly number[], c: number): number => Math.fround((z[c] ?? 0) - logOfSum(z));
    const areas = four.map((c) =>
      areaByPairs(
        labelled.map(({ z }) => logShare(z, c)),
        labelled.map(({ y }) => y === c),
      ),
    );
    // Shares that differ by less than single precision holds may be ranked as equal.
    const found = measured(rows, "auc");
    if (Number.isNaN(ofNumbers(areas))) expect(found).toBeNaN();
    else expect(Math.abs(found - ofNumbers(areas))).toBeLessThan(0.02);
  });
});

function logOfSum(z: readonly number[]): number {
  const most = Math.max(...z);
  return most + Math.log(z.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

describe("binary", () => {
  test.prop([drawn.binary])("accuracy, F1 of the positive class, and auc by all pairs", (rows) => {
    const pairs = answers(rows, ([z = 0]) => (z > 0 ? 1 : 0));
    close(
      measured(rows, "accuracy"),
      share(pairs, (y, z) => y === z),
    );
    close(measured(rows, "f1"), f1(pairs, 1));
    const ranked = answers(rows, ([z = 0]) => z);
    close(
      measured(rows, "auc"),
      areaByPairs(
        ranked.map(([, z]) => z),
        ranked.map(([y]) => y === 1),
      ),
    );
  });
});

describe("multi-label", () => {
  test.prop([drawn["multi-label"]])("accuracy over all marks; F1 and auc label by label", (rows) => {
    const pairs = answers(rows, ([z = 0]) => (z > 0 ? 1 : 0));
    close(
      measured(rows, "accuracy"),
      share(pairs, (y, z) => y === z),
    );
    const labels = [0, 1, 2].map((c) => component(rows, c));
    const scores = labels.map(({ z, y }) =>
      f1(
        z.map((value, i): [number, number] => [y[i] ?? 0, value > 0 ? 1 : 0]),
        1,
      ),
    );
    close(measured(rows, "f1"), ofNumbers(scores));
    const areas = labels.map(({ z, y }) =>
      areaByPairs(
        z,
        y.map((mark) => mark === 1),
      ),
    );
    close(measured(rows, "auc"), ofNumbers(areas));
  });
});

describe("ordinal", () => {
  test.prop([drawn.ordinal])("kappa from the whole matrix of observed and expected, and mae in ranks", (rows) => {
    const pairs = answers(rows, passed);
    const n = pairs.length;
    let [observed, expected] = [0, 0];
    for (const i of four) {
      for (const j of four) {
        const weight = (i - j) ** 2 / 9;
        observed += (weight * pairs.filter(([y, z]) => y === i && z === j).length) / n;
        expected += (weight * pairs.filter(([y]) => y === i).length * pairs.filter(([, z]) => z === j).length) / n ** 2;
      }
    }
    close(measured(rows, "kappa"), expected > 0 ? 1 - observed / expected : Number.NaN);
    close(measured(rows, "mae"), meanOf(pairs.map(([y, z]) => Math.abs(y - z))));
    close(
      measured(rows, "accuracy"),
      share(pairs, (y, z) => y === z),
    );
  });
});

describe("segmentation", () => {
  test.prop([drawn.segmentation])("mean of intersection over union, of the classes that occur", (rows) => {
    const pairs = answers(rows, argmax);
    const overlaps = four.map((c) => {
      const { tp, fp, fn } = confusion(pairs, c);
      return tp / (tp + fp + fn);
    });
    close(measured(rows, "miou"), ofNumbers(overlaps));
    close(
      measured(rows, "accuracy"),
      share(pairs, (y, z) => y === z),
    );
  });
});

describe("regression of a vector", () => {
  const isClose = (found: number, expected: number): void => {
    if (Number.isNaN(expected)) expect(found).toBeNaN();
    else expect(Math.abs(found - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)));
  };
  test.prop([drawn.regression])("errors over all components in their own units, r2 and spearman by component", (rows) => {
    const parts = [0, 1].map((c) => component(rows, c));
    const errors = parts.flatMap(({ z, y }, c) => z.map((value, i) => (value - (y[i] ?? 0)) * (numbers[c]?.deviation ?? 1)));
    isClose(measured(rows, "rmse"), Math.sqrt(meanOf(errors.map((error) => error ** 2))));
    isClose(measured(rows, "mae"), meanOf(errors.map(Math.abs)));
    const explained = parts.map(({ z, y }) => {
      const spread = y.reduce((sum, value) => sum + (value - meanOf(y)) ** 2, 0);
      return spread > 1e-9 ? 1 - z.reduce((sum, value, i) => sum + (value - (y[i] ?? 0)) ** 2, 0) / spread : Number.NaN;
    });
    const varies = parts.every(({ y }) => new Set(y).size !== 1);
    if (varies) isClose(measured(rows, "r2"), ofNumbers(explained));
    isClose(measured(rows, "spearman"), ofNumbers(parts.map(({ z, y }) => pearson(rankByCounting(z), rankByCounting(y)))));
  });
  test.prop([drawn.regression])("cosine is that of the vectors in their own units", (rows) => {
    const cosines = rows.outputs.flatMap((z, row) => {
      const y = rows.truth[row] ?? [];
      const known = [0, 1].filter((c) => !Number.isNaN(y[c] ?? Number.NaN));
      if (rows.present[row] !== true) return [];
      const own = (values: readonly number[]): number[] =>
        known.map((c) => (values[c] ?? 0) * (numbers[c]?.deviation ?? 1) + (numbers[c]?.mean ?? 0));
      const [a, b] = [own(z), own(y)];
      const dot = (u: readonly number[], v: readonly number[]): number => u.reduce((sum, value, i) => sum + value * (v[i] ?? 0), 0);
      const length = Math.sqrt(dot(a, a) * dot(b, b));
      return [length > 0 ? dot(a, b) / length : 0];
    });
    isClose(measured(rows, "cosine"), meanOf(cosines));
  });
  test("of a task that also tells how sure it is, the numbers alone count", () => {
    const one = task("regression", { classes: [], numbers: [{ mean: 0, deviation: 1 }] });
    const rows: Rows = {
      targets: one,
      outputs: [
        [1, 9],
        [3, 9],
        [2, -9],
      ],
      truth: [[1], [2], [4]],
      present: [true, true, true],
    };
    expect(measured(rows, "mae")).toBeCloseTo(1, 12);
    expect(measured(rows, "spearman")).toBeCloseTo(0.5, 12);
  });
});

test.prop([fc.array(score, { maxLength: 40 })])("ranks share their mean where values are equal, −0 and 0 too", (values) => {
  expect([...averageRanks(Float32Array.from(values))]).toEqual(rankByCounting(values));
});

test("200,000 rows are ranked exactly", () => {
  const count = 200_000;
  const scores = Float32Array.from({ length: count }, (_, i) => (i * 7919) % count);
  const ranks = averageRanks(scores);
  expect(ranks.every((rank, i) => rank === (scores[i] ?? 0) + 1)).toBe(true);
});

describe("how well a task does on a batch, for methods that ask", () => {
  const flat = ({ targets, outputs, truth, present }: Rows): number =>
    performanceOf(targets, Float32Array.from(outputs.flat()), Float32Array.from(truth.flat()), Uint8Array.from(present, Number));
  const labelled = ({ truth, present }: Rows): boolean => truth.some((row, i) => present[i] === true && !row.every(Number.isNaN));
  test.prop([fc.oneof(drawn.classification, drawn.binary, drawn["multi-label"], drawn.ordinal, drawn.segmentation)])(
    "is the share of right answers where it tells classes",
    (rows) => {
      fc.pre(labelled(rows));
      close(flat(rows), measured(rows, "accuracy"));
    },
  );
  test.prop([drawn.regression])("is 1 ⁄ (1 + mean squared error) of standardised numbers where it tells numbers", (rows) => {
    fc.pre(labelled(rows));
    const errors = [0, 1].flatMap((c) => {
      const { z, y } = component(rows, c);
      return z.map((value, i) => (value - (y[i] ?? 0)) ** 2);
    });
    close(flat(rows), 1 / (1 + meanOf(errors)));
  });
});

describe("every metric of every kind", () => {
  const cases = taskKindNames.flatMap((kind) => taskKinds[kind].metrics.map((name) => ({ kind, name })));
  test.each(cases)("$name of $kind does not depend on how rows are batched", ({ kind, name }) => {
    fc.assert(
      fc.property(drawn[kind], fc.nat(25), (rows, cut) => {
        const first = Math.min(cut, rows.outputs.length);
        close(measured(rows, name, [first, rows.outputs.length - first]), measured(rows, name));
      }),
      { numRuns: 30 },
    );
  });
  test.each(cases)("$name of $kind goes on from its saved sums, or ranks", ({ kind, name }) => {
    fc.assert(
      fc.property(drawn[kind], (rows) => {
        const [before, after] = [0, 1].map(() => new TaskMetrics(rows.targets, [name]));
        const add = (metrics: TaskMetrics | undefined): void =>
          metrics?.add(Float32Array.from(rows.outputs.flat()), Float32Array.from(rows.truth.flat()), Uint8Array.from(rows.present, Number));
        add(before);
        for (const [key, sums] of before?.sums ?? []) after?.sums.get(key)?.set(sums);
        add(before);
        add(after);
        expect(after?.value(name)).toEqual(before?.value(name));
        // In training, rows are not kept to be ranked.
        if (metricFacts(name).ranks === true) expect(before?.value(name)).toBeNaN();
      }),
      { numRuns: 20 },
    );
  });
  test.each(cases)("$name of $kind has no value without a label", ({ kind, name }) => {
    const [rows] = fc.sample(drawn[kind], { numRuns: 1, seed: 1 });
    if (rows === undefined) throw new Error("Nothing was drawn.");
    expect(measured({ ...rows, present: rows.present.map(() => false) }, name)).toBeNaN();
  });
  test("each is some kind's", () => {
    expect([...new Set(cases.map(({ name }) => name))].sort()).toEqual([...metricNames].sort());
  });
});

test("a task that names no metrics has those of its kind, or of its loss", () => {
  expect(metricsOf({ kind: "ordinal" })).toEqual(["kappa", "mae"]);
  expect(metricsOf({ kind: "regression", loss: "cosine" })).toEqual(["cosine"]);
  expect(metricsOf({ kind: "classification", metrics: ["auc", { top: 7 }] })).toEqual(["auc", "top7"]);
  expect(describeTask(task("ordinal"), { kind: "ordinal" })).toMatchObject({ kind: "ordinal", headlineMetric: "kappa", classes });
});

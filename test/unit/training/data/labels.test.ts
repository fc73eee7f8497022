import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { LabelFault, type LabelCell, type LabelSettings } from "../../../../src/training/data/labels/label.ts";
import { fitLabels, labelEncoder } from "../../../../src/training/data/labels/labels.ts";
import type { TaskTargets } from "../../../../src/training/data/dataset.ts";

type Rows = readonly (readonly LabelCell[])[];

function settingsOf(given: Partial<LabelSettings> & Pick<LabelSettings, "kind">): LabelSettings {
  return { id: "task", columns: ["label"], ...given };
}

function fitted(settings: LabelSettings, rows: Rows): TaskTargets {
  const fit = fitLabels(settings);
  for (const row of rows) fit.add(row);
  return fit.finish().targets;
}

/** Rows written as targets; `undefined` for a row without a label. */
function encoded(settings: LabelSettings, rows: Rows, targets = fitted(settings, rows)): (readonly number[] | undefined)[] {
  const encoder = labelEncoder(targets, settings);
  return rows.map((row) => {
    const into = new Float32Array(encoder.size + 2).fill(7);
    const labelled = encoder.encode(row, into, 1);
    // Neighbours are left alone.
    expect([into[0], into.at(-1)]).toEqual([7, 7]);
    const values = [...into.subarray(1, -1)];
    if (!labelled) expect(values).toEqual(values.map(() => 0));
    return labelled ? values : undefined;
  });
}

function fault(act: () => unknown): LabelFault {
  try {
    act();
  } catch (error) {
    if (error instanceof LabelFault) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
}

const column = (...cells: readonly LabelCell[]): Rows => cells.map((cell) => [cell]);

describe("one of several classes", () => {
  test("numbers go by size and equal ones are one class, texts by code point", () => {
    const numbers = fitted(settingsOf({ kind: "classification" }), column("10", "9", "1.0", "1", 10, null));
    expect(numbers).toMatchObject({ classes: ["1", "9", "10"], counts: [2, 1, 2], shape: [] });
    expect(fitted(settingsOf({ kind: "classification" }), column("b", "B", "a", "10"))).toMatchObject({ classes: ["10", "B", "a", "b"] });
  });
  test("a class is found however it is written, and a missing label is none", () => {
    expect(encoded(settingsOf({ kind: "classification" }), column("2", "1e0", null, 2, Number.NaN))).toEqual([
      [1],
      [0],
      undefined,
      [1],
      undefined,
    ]);
  });
  test("classes that the experiment names keep its order, and nothing else is one", () => {
    const settings = settingsOf({ kind: "ordinal", classes: ["low", "mid", "high"] });
    expect(encoded(settings, column("high", "low"))).toEqual([[2], [0]]);
    expect(fitted(settings, column("high", "low", "low"))).toMatchObject({ classes: ["low", "mid", "high"], counts: [2, 0, 1] });
    expect(fault(() => fitted(settings, column("low", "huge")))).toMatchObject({ code: "MTL352" });
  });
  test("an order that nobody names is that of numbers", () => {
    expect(fitted(settingsOf({ kind: "ordinal" }), column("3", "1", "2")).classes).toEqual(["1", "2", "3"]);
    const refused = fault(() => fitted(settingsOf({ kind: "ordinal" }), column("1", "low")));
    expect([refused.code, refused.tell({ place: "line 3" })]).toEqual(["MTL351", expect.stringContaining('"low" in line 3')]);
  });
  test("a class that no training row has cannot be learnt", () => {
    const settings = settingsOf({ kind: "classification" });
    const refused = fault(() => encoded(settings, column("c"), fitted(settings, column("a", "b"))));
    expect(refused.code).toBe("MTL318");
    expect(refused.tell({ place: "line 9", split: "test" })).toContain('Class "c" of task "task" is in the test rows (line 9)');
  });
  test("one class is nothing to learn, and so are ten thousand", () => {
    expect(fault(() => fitted(settingsOf({ kind: "classification" }), column("a", "a"))).code).toBe("MTL303");
    expect(fault(() => fitted(settingsOf({ kind: "classification" }), column(null, null))).code).toBe("MTL317");
    const many = Array.from({ length: 10_001 }, (_, i) => `id${String(i)}`);
    expect(fault(() => fitted(settingsOf({ kind: "classification" }), column(...many))).code).toBe("MTL355");
  });
});

describe("one of two", () => {
  test("the greater is the positive one", () => {
    expect(encoded(settingsOf({ kind: "binary" }), column("1", "0", "1.0", null))).toEqual([[1], [0], [1], undefined]);
    expect(encoded(settingsOf({ kind: "binary" }), column("yes", "no"))).toEqual([[1], [0]]);
    expect(encoded(settingsOf({ kind: "binary", classes: ["yes", "no"] }), column("yes", "no"))).toEqual([[0], [1]]);
  });
  test("a third value is refused where it stands", () => {
    const refused = fault(() => fitted(settingsOf({ kind: "binary" }), column("no", "yes", "no", "maybe")));
    expect([refused.code, refused.tell({ place: "line 5" })]).toEqual([
      "MTL350",
      expect.stringContaining('"maybe" in line 5 beside "no" and "yes"'),
    ]);
  });
});

describe("any number of labels", () => {
  const kind = "multi-label";
  test("a column each: an empty cell is a label that is not known", () => {
    const settings = settingsOf({ kind, columns: ["red", "big"] });
    const rows: Rows = [
      ["1", "false"],
      ["0", "TRUE"],
      [null, "1"],
      [null, null],
    ];
    expect(fitted(settings, rows)).toMatchObject({ classes: ["red", "big"], shape: [2], counts: [1, 2] });
    expect(encoded(settings, rows)).toEqual([[1, 0], [0, 1], [Number.NaN, 1], undefined]);
    const refused = fault(() => fitted(settings, [["1", "maybe"]]));
    expect([refused.code, refused.column]).toEqual(["MTL353", 1]);
  });
  test("names with a separator, or in lists: none is told by the separator alone", () => {
    const settings = settingsOf({ kind, separator: ";" });
    const rows = column("b; a", "a", ";", null, "a;a");
    expect(fitted(settings, rows)).toMatchObject({ classes: ["a", "b"], counts: [3, 1] });
    expect(encoded(settings, rows)).toEqual([[1, 1], [1, 0], [0, 0], undefined, [1, 0]]);
    expect(encoded(settingsOf({ kind }), column(["b", "a"], ["a"], [], null))).toEqual([[1, 1], [1, 0], [0, 0], undefined]);
    expect(fault(() => fitted(settingsOf({ kind }), column("a;b"))).code).toBe("MTL353");
  });
  test("lists of marks", () => {
    const settings = settingsOf({ kind, classes: ["red", "big"] });
    expect(encoded(settings, column([1, 0], Uint8Array.of(0, 1), [null, 1]))).toEqual([
      [1, 0],
      [0, 1],
      [Number.NaN, 1],
    ]);
    expect(fault(() => fitted(settings, column([1, 0], [1, 0, 1]))).code).toBe("MTL354");
  });
});

describe("numbers", () => {
  const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 });
  test.prop([numbers, numbers])("are standardised by the mean and spread of the training rows, each component by its own", (xs, ys) => {
    const settings = settingsOf({ kind: "regression", columns: ["x", "y"] });
    const rows: Rows = xs.map((x, i) => [x, String(ys[i % ys.length] ?? 0)]);
    const { shape, numbers: components } = fitted(settings, rows);
    expect(shape).toEqual([2]);
    [xs, rows.map(([, y]) => Number(y))].forEach((values, component) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
      const found = components[component] ?? { mean: Number.NaN, deviation: Number.NaN };
      expect(Math.abs(found.mean - mean)).toBeLessThanOrEqual(1e-9 * Math.max(1, ...values.map(Math.abs)));
      if (deviation > 1e-6 * Math.max(...values.map(Math.abs))) expect(found.deviation / deviation).toBeCloseTo(1, 6);
    });
  });
  test("a constant keeps deviation 1 and is remarked", () => {
    const fit = fitLabels(settingsOf({ kind: "regression" }));
    for (const row of column("0.1", "0.1", "0.1")) fit.add(row);
    const { targets, remarks } = fit.finish();
    expect(targets.numbers[0]?.mean).toBeCloseTo(0.1, 12);
    expect(targets.numbers[0]?.deviation).toBe(1);
    expect(remarks.map(({ code }) => code)).toEqual(["MTL323"]);
  });
  test("where the direction counts, zero stays and one scale is common", () => {
    const settings = settingsOf({ kind: "regression", columns: ["x", "y"], direction: true });
    const rows: Rows = [
      [3, 4],
      [6, 8],
    ];
    const scale = Math.sqrt((9 + 16 + 36 + 64) / 4);
    const { numbers: components } = fitted(settings, rows);
    expect(components.map(({ mean }) => mean)).toEqual([0, 0]);
    for (const { deviation } of components) expect(deviation).toBeCloseTo(scale, 12);
  });
  test("lists have a component each; what is missing of a vector is not known", () => {
    const settings = settingsOf({ kind: "regression" });
    const rows = column(Float32Array.of(1, 2), [3, null], [5, 6], null);
    expect(encoded(settings, rows).map((row) => row?.map((value) => Math.round(value * 1000) / 1000))).toEqual([
      [-1.225, -1],
      [0, Number.NaN],
      [1.225, 1],
      undefined,
    ]);
    expect(fault(() => fitted(settings, column([1, 2], [1]))).code).toBe("MTL354");
    expect(fault(() => fitted(settings, column("1", "abc")))).toMatchObject({ code: "MTL304", column: 0 });
    expect(fault(() => fitted(settings, column("1", "1e31"))).code).toBe("MTL324");
  });
});

describe("a class for each pixel", () => {
  const kind = "segmentation";
  test("classes are the numbers that occur, or those that the experiment names", () => {
    const rows = column(Uint8Array.of(0, 200, 0, 255), Uint8Array.of(0, 0, 255, 255));
    const found = settingsOf({ kind, shape: [2, 2], ignore: 255 });
    expect(fitted(found, rows)).toMatchObject({ classes: ["0", "200"], shape: [2, 2], counts: [4, 1] });
    expect(encoded(found, rows)).toEqual([
      [0, 1, 0, Number.NaN],
      [0, 0, Number.NaN, Number.NaN],
    ]);
    const named = settingsOf({ kind, shape: [1, 2], classes: ["sky", "sea", "land"] });
    expect(fitted(named, column([2, 0]))).toMatchObject({ classes: ["sky", "sea", "land"], counts: [1, 0, 1] });
    expect(encoded(named, column([2, 0], null))).toEqual([[2, 0], undefined]);
    expect(fault(() => fitted(named, column([3, 0]))).code).toBe("MTL352");
  });
  test("an image without a labelled pixel has no label, and other sizes are refused", () => {
    const settings = settingsOf({ kind, shape: [1, 2], ignore: 9 });
    expect(encoded(settings, column([0, 1], [9, 9]))).toEqual([[0, 1], undefined]);
    expect(fault(() => fitted(settings, column([0, 1, 0]))).code).toBe("MTL354");
    expect(fault(() => fitted(settingsOf({ kind }), column("0"))).code).toBe("MTL354");
    expect(fault(() => encoded(settings, column([5, 0]), fitted(settings, column([0, 1])))).code).toBe("MTL318");
  });
});

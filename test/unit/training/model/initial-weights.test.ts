import { test as law, fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";

import { initializers } from "../../../../src/experiment/layer-arguments.ts";
import { initialValues, type InitializerName } from "../../../../src/training/model/initial-weights.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";

function values(name: InitializerName, shape: readonly number[]): Float32Array {
  return initialValues(name, shape, new RandomStreams(3).get("weights"));
}

function deviation(numbers: Float32Array): number {
  return Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0) / numbers.length);
}

/** A normal cut off at two deviations has this deviation. */
const cut = 0.8796;

describe("first weights", () => {
  test.each<[InitializerName, number]>([
    ["glorotUniform", Math.sqrt(2 / 400)],
    ["glorotNormal", cut * Math.sqrt(2 / 400)],
    ["heUniform", Math.sqrt(2 / 300)],
    ["heNormal", cut * Math.sqrt(2 / 300)],
    ["leCunUniform", Math.sqrt(1 / 300)],
    ["leCunNormal", cut * Math.sqrt(1 / 300)],
    ["varianceScaling", cut * Math.sqrt(1 / 300)],
    ["randomNormal", 0.05],
    ["randomUniform", 0.05 / Math.sqrt(3)],
    ["truncatedNormal", cut * 0.05],
  ])("by %s have the deviation of its formula", (name, expected) => {
    expect(deviation(values(name, [300, 100])) / expected).toBeCloseTo(1, 1);
  });

  test("count a window's taps among a unit's inputs", () => {
    expect(deviation(values("heUniform", [5, 5, 12, 100])) / Math.sqrt(2 / 300)).toBeCloseTo(1, 1);
  });

  law.prop([fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })])(
    "by orthogonal have orthonormal rows or columns",
    (rows, columns) => {
      const matrix = values("orthogonal", [rows, columns]);
      const at = (i: number, j: number): number => (rows >= columns ? matrix[j * columns + i] : matrix[i * columns + j]) ?? 0;
      const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          const dot = Array.from({ length }, (_, j) => at(a, j) * at(b, j)).reduce((sum, value) => sum + value, 0);
          expect(dot).toBeCloseTo(a === b ? 1 : 0, 4);
        }
      }
    },
  );

  test("by identity, zeros and ones are just that", () => {
    expect([...values("identity", [2, 3])]).toEqual([1, 0, 0, 0, 1, 0]);
    expect([...values("zeros", [2])]).toEqual([0, 0]);
    expect([...values("ones", [2])]).toEqual([1, 1]);
    expect(() => values("identity", [3, 3, 1, 1])).toThrow("matrices");
  });

  test.each(initializers.filter((name) => name !== "identity"))("by %s fill every shape with finite numbers", (name) => {
    for (const shape of [[3], [2, 3], [2, 2, 3, 4]]) expect(values(name, shape).every(Number.isFinite)).toBe(true);
  });
});

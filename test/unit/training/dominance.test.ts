import { fc, test } from "@fast-check/vitest";
import { tensor, variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { Dominance } from "../../../src/training/dominance.ts";
import { TrainedParameter } from "../../../src/training/trained-parameter.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

function parameter(size: number, reach: readonly number[], name = "a.kernel"): TrainedParameter {
  return new TrainedParameter(
    { name, layer: "a", weight: "kernel", variable: variable(tensor(new Float32Array(size))), declared: { part: "trunk" } },
    reach,
  );
}

/** Observes the same updates at every one of the given steps. */
function observed(size: number, decay: number, steps: readonly number[], updates: readonly (readonly number[] | undefined)[]): Dominance {
  const dominance = new Dominance([parameter(size, [0, 1])], 2, decay);
  for (const step of steps) {
    dominance.begin(step);
    dominance.observe(
      0,
      updates.map((row) => (row === undefined ? undefined : Float32Array.from(row))),
    );
  }
  return dominance;
}

describe("ownership", () => {
  test("is even where nothing has moved", () => {
    const { tensors, trunk } = observed(
      3,
      0.9,
      [1],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
    ).measure();
    expect(tensors[0]?.mean).toEqual([0.5, 0.5]);
    expect(trunk.mean).toEqual([0.5, 0.5]);
    expect(trunk.dominated).toEqual([0, 0]);
  });

  test("is the share of the squared updates, element by element", () => {
    const { tensors } = observed(
      4,
      0.9,
      [1],
      [
        [2.5, 1, 0, -1],
        [1, 1, 2, 1],
      ],
    ).measure();
    const [owned] = tensors;
    expect(owned?.mean[0]).toBeCloseTo((6.25 / 7.25 + 0.5 + 0 + 0.5) / 4, 6);
    // 0.86 is not above 0.9; the element that task 0 never moved belongs to task 1.
    expect(owned?.dominated).toEqual([0, 0.25]);
    const bins = [...(owned?.histogram ?? [])];
    expect(bins.slice(0, 20).flatMap((count, bin) => (count > 0 ? [[bin, count]] : []))).toEqual([
      [0, 1],
      [10, 2],
      [17, 1],
    ]);
    expect(bins.slice(20).flatMap((count, bin) => (count > 0 ? [[bin, count]] : []))).toEqual([
      [2, 1],
      [10, 2],
      [19, 1],
    ]);
  });

  test("one measurement after n steps decays as n measurements do", () => {
    const every = observed(
      1,
      0.99,
      Array.from({ length: 50 }, (_, i) => i + 1),
      [[0.2], [0.1]],
    );
    const rare = observed(1, 0.99, [10, 20, 30, 40, 50], [[0.2], [0.1]]);
    expect(rare.accumulated[0]?.[0]?.[0]).toBeCloseTo(every.accumulated[0]?.[0]?.[0] ?? Number.NaN, 7);
    expect(every.accumulated[0]?.[0]?.[0]).toBeCloseTo(0.04 * (1 - 0.99 ** 50), 7);
  });

  test("moves away from a task that is absent", () => {
    const dominance = observed(1, 0.9, [1, 2], [[1], [1]]);
    dominance.begin(3);
    dominance.observe(0, [Float32Array.of(1), undefined]);
    const [first = 0, second = 1] = dominance.measure().trunk.mean;
    expect(first).toBeGreaterThan(second);
  });

  test("of the trunk weighs tensors by their elements, and counts only tasks in reach", () => {
    const dominance = new Dominance([parameter(3, [0, 1]), parameter(1, [1, 2], "b.kernel")], 3, 0.9);
    dominance.begin(1);
    dominance.observe(0, [Float32Array.of(1, 1, 1), Float32Array.of(0, 0, 0)]);
    dominance.observe(1, [Float32Array.of(1), Float32Array.of(1)]);
    const { trunk, tensors } = dominance.measure();
    expect(trunk.mean).toEqual([0.75, 0.125, 0.125]);
    expect(tensors[1]?.mean).toEqual([0.5, 0.5]);
    const [, map] = dominance.maps();
    expect([...(map?.shares ?? [])]).toEqual([0, 128, 128]);
  });

  const updates = fc.array(fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })), {
    minLength: 1,
    maxLength: 20,
  });
  test.prop([updates])("shares of every element sum to one, in means, histograms and maps", (elements) => {
    const dominance = observed(elements.length, 0.99, [10], [elements.map(([a]) => a), elements.map(([, b]) => b)]);
    const { tensors } = dominance.measure();
    expect((tensors[0]?.mean ?? []).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    expect((tensors[0]?.histogram ?? new Float32Array()).reduce((sum, value) => sum + value, 0)).toBe(2 * elements.length);
    const shares = dominance.maps()[0]?.shares ?? new Uint8Array();
    elements.forEach((_, e) => {
      expect(Math.abs((shares[e] ?? 0) + (shares[elements.length + e] ?? 0) - 255)).toBeLessThanOrEqual(1);
    });
  });
});

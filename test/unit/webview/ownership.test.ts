import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { ParameterDescription } from "../../../src/experiment/record.ts";
import { elementAt, elementIndex, layOutElements, pixelOf } from "../../../webview-ui/ownership/element-layout.ts";
import { outputMeans } from "../../../webview-ui/ownership/element-shares.ts";
import { layOutRows, rowAt } from "../../../webview-ui/ownership/rows.ts";
import { ownedStretches } from "../../../webview-ui/ownership/shares.ts";
import { epochMarks } from "../../../webview-ui/ownership/epoch-marks.ts";

test.prop([fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 7 })])(
  "the mean of an output channel is that of all weights that lead to it",
  (inputs, outputs) => {
    // A kernel of 2 × 1 whose first task owns all weights of the first output, the second all others.
    const size = 2 * inputs * outputs;
    const first = Array.from({ length: size }, (_, element) => (element % outputs === 0 ? 255 : 0));
    const shares = Uint8Array.from([...first, ...first.map((share) => 255 - share)]);
    const means = outputMeans([2, 1, inputs, outputs], { shares, size, tasks: 2 });
    expect(means).toEqual(Array.from({ length: outputs }, (_, output) => (output === 0 ? [1, 0] : [0, 1])));
  },
);

const room = { width: 640, height: 320 };

describe("layOutElements", () => {
  const small = fc.integer({ min: 1, max: 6 });
  const shapes = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 700 })),
    fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 300 })),
    fc.tuple(small, small, fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 130 })),
    fc.tuple(small, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
  );

  test.prop([shapes])("fits the room", (shape) => {
    const layout = layOutElements(shape, room);
    expect(layout.width).toBeLessThanOrEqual(room.width);
    expect(layout.height).toBeLessThanOrEqual(room.height);
    expect(Math.min(...layout.cell)).toBeGreaterThanOrEqual(1);
  });

  test.prop([shapes, fc.nat(), fc.nat(), fc.nat(), fc.nat()])(
    "finds under a weight's pixel that weight, or the first of its group",
    (shape, a, b, c, d) => {
      const layout = layOutElements(shape, room);
      const [high, wide] = layout.window;
      const [input, output, ky, kx] = [a % layout.inputs, b % layout.outputs, c % high, d % wide];
      const [down, across] = layout.grouped;
      const row = Math.floor((input * high + ky) / down) * down;
      const column = Math.floor((output * wide + kx) / across) * across;
      const found = elementAt(
        layout,
        pixelOf(column, wide, layout.cell[0], layout.gap, across),
        pixelOf(row, high, layout.cell[1], layout.gap, down),
      );
      expect(found?.index).toBe(elementIndex(layout, Math.floor(row / high), Math.floor(column / wide), row % high, column % wide));
    },
  );

  it("tiles kernels with a pixel between", () => {
    expect(layOutElements([3, 3, 16, 32], room)).toMatchObject({
      gap: 1,
      cell: [6, 6],
      width: 32 * 18 + 31,
      height: 16 * 18 + 15,
      grouped: [1, 1],
    });
  });

  it("lets pixels stand for several weights where there are more weights than pixels", () => {
    expect(layOutElements([800, 64], room)).toMatchObject({ cell: [8, 1], grouped: [3, 1], height: 267 });
  });

  it("keeps the order of TensorFlow.js: window, inputs, outputs", () => {
    const layout = layOutElements([5, 5, 3, 16], room);
    expect(elementIndex(layout, 2, 7, 1, 4)).toBe(((1 * 5 + 4) * 3 + 2) * 16 + 7);
    expect(elementAt(layout, 0, 0)?.place).toEqual([0, 0, 0, 0]);
    expect(elementAt(layOutElements([16], room), 0, 0)?.place).toEqual([0]);
  });
});

describe("layOutRows", () => {
  const named = (layer: string, weight: string, shape: readonly number[]): ParameterDescription => ({
    name: `${layer}.${weight}`,
    layer,
    weight,
    shape,
    size: 1,
    reach: "common",
    tasks: ["a", "b"],
  });
  const { rows, height } = layOutRows([
    named("conv1", "kernel", [3, 3, 1, 8]),
    named("conv1", "bias", [8]),
    named("norm", "gamma", [8]),
    named("norm", "beta", [8]),
  ]);

  it("gives kernels 28 pixels, biases 14, and 8 between layers", () => {
    expect(rows.map(({ top, height: tall }) => [top, tall])).toEqual([
      [0, 28],
      [28, 14],
      [50, 14],
      [64, 14],
    ]);
    expect(height).toBe(78);
  });

  it("names the layer once", () => {
    expect(rows.map(({ label }) => label)).toEqual(["conv1.kernel", ".bias", "norm.gamma", ".beta"]);
  });

  it("finds the row under the pointer", () => {
    expect(rowAt(rows, 45)?.label).toBe(".bias");
    expect(rowAt(rows, 51)?.label).toBe("norm.gamma");
    expect(rowAt(rows, -3)?.label).toBe("conv1.kernel");
  });
});

describe("ownedStretches", () => {
  const columns = 240;
  const ofFirst = (share: (column: number) => number) => {
    const first = Float64Array.from({ length: columns }, (_, column) => share(column));
    return ownedStretches({ columns, tasks: 2, shares: [first, first.map((value) => 1 - value)] });
  };

  it("names nobody while tasks share", () => {
    expect(ofFirst(() => 0.6)).toEqual([]);
  });

  it("names the owner of each part", () => {
    const stretches = ofFirst((column) => (column < 120 ? 0.95 : 0.05));
    expect(stretches.map(({ task }) => task)).toEqual([0, 1]);
  });

  it("keeps a name through a weakness that would not have earned it", () => {
    const weakness = 0.62;
    expect(ofFirst((column) => (column > 80 && column < 160 ? weakness : 0.8))).toEqual([{ task: 0, from: 0, to: columns }]);
    expect(ofFirst(() => weakness)).toEqual([]);
  });

  it("ends where nothing is recorded", () => {
    expect(ofFirst((column) => (column < 100 ? 0.9 : Number.NaN))).toEqual([{ task: 0, from: 0, to: 100 }]);
  });
});

describe("epochMarks", () => {
  test.prop([fc.double({ min: 0.2, max: 500, noNaN: true }), fc.integer({ min: 120, max: 1200 })])(
    "starts at 0, ends at the last epoch, and keeps room",
    (epochs, width) => {
      const marks = epochMarks(epochs, width);
      expect(marks[0]).toBe(0);
      expect(marks.at(-1)).toBe(epochs);
      marks.slice(1).forEach((mark, i) => expect(((mark - (marks[i] ?? 0)) / epochs) * width).toBeGreaterThan(40));
    },
  );
});

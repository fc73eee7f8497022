import { describe, expect, test } from "vitest";

import { RandomStream } from "../../../../src/balancers/kernels/random-stream.ts";
import { imageAugmentSchema } from "../../../../src/experiment/data/augment-data.ts";
import { augmentation } from "../../../../src/training/data/augment/augmentation.ts";
import { drawPlacement, place } from "../../../../src/training/data/augment/geometry.ts";
import type { InputSpec, RowValues, TaskTargets } from "../../../../src/training/data/dataset.ts";

const [height, width] = [5, 6];
const rows = 40;
const input: InputSpec = { name: "image", shape: [height, width, 2], features: [], black: [-1, -2] };
const mask: TaskTargets = { id: "mask", kind: "segmentation", classes: ["a", "b"], shape: [height, width], numbers: [] };
const size: TaskTargets = { id: "size", kind: "regression", classes: [], shape: [], numbers: [{ mean: 0, deviation: 1 }] };

/** Every pixel another number, in the mask the first channel's. The last row has no label for the mask. */
function values(): RowValues {
  const pixels = height * width;
  const image = Float32Array.from({ length: rows * pixels * 2 }, (_, i) => (i % 2 === 0 ? i : -i));
  return {
    rows,
    inputs: [image],
    targets: [Float32Array.from({ length: rows * pixels }, (_, i) => 2 * i), Float32Array.from({ length: rows }, (_, i) => i)],
    present: [Uint8Array.from({ length: rows }, (_, i) => (i === rows - 1 ? 0 : 1)), new Uint8Array(rows).fill(1)],
  };
}

function augmented(settings: Readonly<Record<string, unknown>>, stream = RandomStream.seeded(1, "augmentation")): RowValues {
  return augmentation(imageAugmentSchema.parse(settings), { inputs: [input], tasks: [mask, size] })(values(), stream);
}

/** A row's image as [channel][y][x]. */
function imageOf({ inputs }: RowValues, row: number): number[][][] {
  const at = (y: number, x: number, c: number): number => inputs[0]?.[((row * height + y) * width + x) * 2 + c] ?? Number.NaN;
  return [0, 1].map((c) => Array.from({ length: height }, (_, y) => Array.from({ length: width }, (__, x) => at(y, x, c))));
}

function maskOf({ targets }: RowValues, row: number): number[][] {
  return Array.from({ length: height }, (_, y) => [
    ...(targets[0]?.subarray((row * height + y) * width, (row * height + y + 1) * width) ?? []),
  ]);
}

describe("augmentation", () => {
  test("that asks for nothing changes nothing and draws nothing", () => {
    const stream = RandomStream.seeded(1, "augmentation");
    const before = stream.save();
    expect(augmented({}, stream)).toEqual(values());
    expect(stream.save()).toEqual(before);
  });

  test("gives the same again from the same state, and leaves what it got as it was", () => {
    const settings = { flip: "both", shift: 1, rotate: 10, zoom: 0.1, brightness: 0.1, contrast: 0.1, noise: 0.1, dropout: 0.1 };
    const [one, other] = [augmented(settings), augmented(settings)];
    expect(one).toEqual(other);
    expect(augmented(settings, RandomStream.seeded(2, "augmentation"))).not.toEqual(one);
    const original = values();
    augmentation(imageAugmentSchema.parse(settings), { inputs: [input], tasks: [mask, size] })(original, RandomStream.seeded(1, "a"));
    expect(original).toEqual(values());
    expect(one.targets[1]).toEqual(original.targets[1]);
  });

  test.each([
    ["horizontal", (image: number[][]) => image.map((line) => line.toReversed())],
    ["vertical", (image: number[][]) => image.toReversed()],
  ])("flips about every second image %sly, without changing a number", (flip, mirror) => {
    const [before, after] = [values(), augmented({ flip })];
    let flipped = 0;
    for (let row = 0; row < rows; row++) {
      const [old, now] = [imageOf(before, row), imageOf(after, row)];
      const isFlipped = JSON.stringify(now) !== JSON.stringify(old);
      if (isFlipped) {
        expect(now).toEqual(old.map(mirror));
        flipped += 1;
      }
      // The mask moves with its image, but zeros of a row without a label are no mask.
      expect(maskOf(after, row)).toEqual(isFlipped && row < rows - 1 ? mirror(maskOf(before, row)) : maskOf(before, row));
    }
    expect(flipped).toBeGreaterThan(rows / 4);
    expect(flipped).toBeLessThan((3 * rows) / 4);
  });

  test("shifts by whole pixels in all directions, with black from the edge and no label there", () => {
    const [before, after] = [values(), augmented({ shift: 2 })];
    const seen = new Set<string>();
    for (let row = 0; row < rows - 1; row++) {
      const [old, now] = [imageOf(before, row), imageOf(after, row)];
      const [y, x] = [2, 3];
      // The pixel in the middle tells where it came from: no shift leads out of sight from there.
      const from = old[0]?.flat().indexOf(now[0]?.[y]?.[x] ?? Number.NaN) ?? -1;
      const [top, left] = [Math.floor(from / width) - y, (from % width) - x];
      expect(Math.max(Math.abs(top), Math.abs(left))).toBeLessThanOrEqual(2);
      seen.add(`${top} ${left}`);
      for (const channel of [0, 1]) {
        now[channel]?.forEach((line, toY) =>
          line.forEach((value, toX) => expect(value).toBe(old[channel]?.[toY + top]?.[toX + left] ?? input.black?.[channel])),
        );
      }
      maskOf(after, row).forEach((line, toY) =>
        line.forEach((value, toX) => expect(value).toBe(maskOf(before, row)[toY + top]?.[toX + left] ?? Number.NaN)),
      );
    }
    expect(seen.size).toBeGreaterThan(12);
  });

  test("turns and zooms about the middle, smoothly for images and by the nearest pixel for masks", () => {
    const frame = { height: 3, width: 3, channels: 1 };
    const image = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const placed = (angle: number, zoom: number, smooth: boolean): number[] => {
      const [cosine, sine] = [Math.cos(angle) / zoom, Math.sin(angle) / zoom];
      const to = new Float32Array(9);
      place(image, to, 0, frame, { a: cosine, b: sine, c: -sine, d: cosine, left: 0, top: 0 }, () => 0, smooth);
      return [...to];
    };
    expect(placed(Math.PI / 2, 1, true)).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
    expect(placed(Math.PI, 1, true)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(placed(0, 2, true)).toEqual([3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7]);
    expect(placed(0, 0.5, false)).toEqual([0, 0, 0, 0, 5, 0, 0, 0, 0]);
    const nearest = placed(0.3, 1.2, false);
    expect(nearest.every((value) => Number.isInteger(value))).toBe(true);
  });

  test("draws angles and sizes from the whole range", () => {
    const stream = RandomStream.seeded(1, "a");
    const drawn = Array.from({ length: 500 }, () => drawPlacement({ flip: undefined, shift: 0, rotate: 30, zoom: 0.2 }, stream));
    const angles = drawn.map(({ a, b }) => (Math.atan2(b, a) * 180) / Math.PI);
    const sizes = drawn.map(({ a, b }) => 1 / Math.hypot(a, b));
    expect([Math.min(...angles) < -28, Math.max(...angles) > 28, Math.max(...angles.map(Math.abs)) <= 30]).toEqual([true, true, true]);
    expect([Math.min(...sizes) < 0.82, Math.max(...sizes) > 1.18]).toEqual([true, true]);
  });

  test("makes images brighter and darker above black, and changes contrast around their mean", () => {
    const [before, bright, rich] = [values(), augmented({ brightness: 0.5 }), augmented({ contrast: 0.5 })];
    const factors = new Set<number>();
    for (let row = 0; row < rows; row++) {
      const [old, lit, strong] = [imageOf(before, row), imageOf(bright, row), imageOf(rich, row)];
      const factor = ((lit[0]?.[0]?.[0] ?? 0) + 1) / ((old[0]?.[0]?.[0] ?? 0) + 1);
      factors.add(Math.round(factor * 10) / 10);
      expect(Math.abs(factor - 1)).toBeLessThanOrEqual(0.5);
      lit[1]?.flat().forEach((value, i) => expect((value + 2) / ((old[1]?.flat()[i] ?? 0) + 2)).toBeCloseTo(factor, 3));
      const mean = (image: number[][][]): number => image.flat(2).reduce((sum, value) => sum + value, 0) / image.flat(2).length;
      expect(mean(strong)).toBeCloseTo(mean(old), 2);
    }
    expect(factors.size).toBeGreaterThan(5);
  });

  test("adds noise of the deviation that is asked for, and sets numbers to 0", () => {
    const [before, noisy, thin] = [values(), augmented({ noise: 0.5 }), augmented({ dropout: 0.25 })];
    const differences = noisy.inputs[0]?.map((value, i) => value - (before.inputs[0]?.[i] ?? 0)) ?? new Float32Array();
    const variance = differences.reduce((sum, value) => sum + value ** 2, 0) / differences.length;
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
    const zeros = thin.inputs[0]?.filter((value) => value === 0).length ?? 0;
    expect(zeros / (thin.inputs[0]?.length ?? 1)).toBeCloseTo(0.25, 1);
  });
});

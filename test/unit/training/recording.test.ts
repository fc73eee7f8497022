import { expect, test } from "vitest";
import { recordGradients } from "../../../src/training/recording.ts";

/** Norms and cosines of a step, as they are recorded. */
function recorded(layers: readonly string[], rows: readonly (readonly (readonly number[] | undefined)[])[]): Record<string, number> {
  const scalars: Record<string, number> = {};
  const nothing = (): void => undefined;
  const recorder = {
    describe: nothing,
    resume: () => undefined,
    scalar: (name: string, _step: number, value: number) => {
      scalars[name] = value;
    },
    vector: nothing,
    snapshot: nothing,
    event: nothing,
    progress: nothing,
  };
  const blocks = rows.map((row) => row.map((block) => block && Float32Array.from(block)));
  const applied = layers.map(() => Float32Array.of(1, 1));
  recordGradients(recorder, ["a", "b"], layers, 1, { tasks: [0, 1], rows: blocks, applied });
  return scalars;
}

test("cosines are of the whole trunk and of each layer, whose kernel and bias belong together", () => {
  const scalars = recorded(
    ["conv", "conv", "dense"],
    [
      [
        [1, 0],
        [2, 0],
        [3, 0],
      ],
      [
        [1, 0],
        [2, 0],
        [-3, 4],
      ],
    ],
  );
  expect(scalars["layer-cosine/conv/a/b"]).toBeCloseTo(1, 12);
  expect(scalars["layer-cosine/dense/a/b"]).toBeCloseTo(-0.6, 12);
  expect(scalars["cosine/a/b"]).toBeCloseTo((5 - 9) / Math.sqrt(14 * 30), 12);
  expect(scalars["gradient-norm/b"]).toBeCloseTo(Math.sqrt(30), 12);
});

test("a layer that one task does not reach has no cosine", () => {
  const scalars = recorded(
    ["conv", "dense"],
    [
      [
        [1, 0],
        [1, 2],
      ],
      [[1, 1], undefined],
    ],
  );
  expect(scalars["layer-cosine/conv/a/b"]).toBeCloseTo(Math.SQRT1_2, 12);
  expect(scalars).not.toHaveProperty("layer-cosine/dense/a/b");
  expect(scalars["cosine/a/b"]).toBeCloseTo(Math.SQRT1_2, 12);
});

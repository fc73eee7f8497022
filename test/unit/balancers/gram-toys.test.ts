import { describe, expect, test } from "vitest";
import { cagradStarts, descend, nashStarts, onFront, type Pair } from "./toys/two-objectives.ts";

/**
 * The two-objective toy of the papers (see two-objectives.ts), for the methods of the Gram matrix: what the reference measured, to ±0.02 where a
 * run converges, and by what it claims elsewhere. In the upper valleys the last bit of a number decides the way along the front; there the
 * claim is the front itself. Full lengths; every start of the reference where a test is quick, of the others those that tell most (UPGrad is half of PCGrad
 * with two tasks).
 */
type Options = Readonly<Record<string, string | number>>;

describe("without scaling, 100,000 steps: the mean loss, whose least value on the front is −15.0916", () => {
  const end = (method: string, options: Options, start: number) => {
    const { position, losses } = descend({ method, options, start: cagradStarts[start] ?? [NaN, NaN], steps: 100_000 });
    return { position, mean: (losses[0] + losses[1]) / 2 };
  };

  /** Method, options, start, the mean loss that the reference measured, how far from it. */
  const measured: readonly (readonly [string, Options, number, number, number])[] = [
    ["mgda", {}, 0, -11.72, Infinity],
    ["mgda", {}, 1, -10.2, 0.1],
    ["pcgrad", { reduction: "mean" }, 0, -14.18, 0.5],
    ["pcgrad", { reduction: "mean" }, 1, -10.94, 0.02],
    ["cagrad", { c: 0.5, rescale: "linear" }, 0, -15.0916, 0.001],
    ["cagrad", { c: 0.5, rescale: "linear" }, 1, -15.0916, 0.001],
    ["cagrad", { c: 0.5, rescale: "linear" }, 2, -15.0916, 0.001],
    ["imtl-g", {}, 0, -14.53, 0.02],
    ["imtl-g", {}, 1, -10.67, 0.02],
    ["imtl-g", {}, 2, -14.61, 0.02],
    ["nash-mtl", {}, 1, -11.1, 0.1],
    ["dualproj", {}, 0, -14.35, 0.5],
    ["dualproj", {}, 1, -10.95, 0.02],
    ["aligned-mtl", {}, 0, -15.0916, 0.001],
    ["aligned-mtl", {}, 1, -15.0916, 0.001],
    ["aligned-mtl", {}, 2, -15.0916, 0.001],
    // The reference has no numbers for these; what is claimed is the front.
    ["config", {}, 2, NaN, Infinity],
    ["imtl", {}, 0, NaN, Infinity],
  ];
  test.each(measured)("%s %o: from start %i it reaches the front near %d", (method, options, start, mean, within) => {
    const { position, mean: reached } = end(method, options, start);
    expect(onFront(position)).toBe(true);
    expect(reached).toBeLessThan(-10);
    if (Number.isFinite(within)) expect(Math.abs(reached - mean)).toBeLessThan(within);
  });

  test("pcd: a promise leads along the front to the secondary task's optimum; without one it stops on the front", () => {
    const promised = end("pcd", {}, 1).position;
    expect(onFront(promised)).toBe(true);
    expect(promised[0]).toBeLessThan(-6.9);
    const free = end("pcd", { tau: 0 }, 1).position;
    expect(onFront(free)).toBe(true);
    expect(free[0]).toBeGreaterThan(-6.9);
  });
});

describe("with the first loss × 0.1, 35,000 steps: both losses at the end", () => {
  /** Method, options, start, the losses that the reference measured, how far from them; stuck: off the front. */
  const measured: readonly (readonly [string, Options, number, Pair | "stuck", number])[] = [
    ["mgda", {}, 0, [-1.192, -17.47], 0.02],
    ["mgda", {}, 1, [-1.991, -2.79], 0.1],
    ["mgda", {}, 2, [-1.999, -0.575], 0.2],
    ["mgda", {}, 3, [-0.748, -19.2], 0.05],
    ["mgda", {}, 4, [-1.999, -0.412], 0.02],
    ["pcgrad", {}, 0, [-0.628, -19.47], 0.1],
    ["pcgrad", {}, 1, [-0.928, -18.66], 0.02],
    ["pcgrad", {}, 2, "stuck", 0],
    ["pcgrad", {}, 3, [-0.829, -18.98], 0.02],
    ["pcgrad", {}, 4, [-1.96, -5.51], 0.02],
    ["cagrad", {}, 0, [-0.41, -19.76], 0.1],
    ["cagrad", {}, 1, [-0.38, -19.83], 0.02],
    ["cagrad", {}, 2, "stuck", 0],
    ["cagrad", {}, 3, [-0.38, -19.83], 0.02],
    ["cagrad", {}, 4, [-0.381, -19.83], 0.02],
    ["nash-mtl", {}, 0, [-1.013, -18.33], 0.02],
    ["nash-mtl", {}, 1, [-1.509, -15.09], 0.02],
    ["nash-mtl", {}, 2, [-1.834, -10.13], 0.1],
    ["nash-mtl", {}, 3, [-0.941, -18.61], 0.02],
    ["nash-mtl", {}, 4, [-1.955, -5.83], 0.1],
    ["imtl-g", {}, 0, [-1.151, -17.7], 0.02],
    ["imtl-g", {}, 1, [-1.509, -15.09], 0.02],
    ["imtl-g", {}, 2, [-1.791, -11.09], 0.02],
    ["imtl-g", {}, 3, [-0.92, -18.69], 0.02],
    ["imtl-g", {}, 4, [-1.97, -4.87], 0.02],
    ["aligned-mtl", {}, 0, [-0.38, -19.83], 0.02],
    ["aligned-mtl", {}, 1, [-0.38, -19.83], 0.02],
    ["aligned-mtl", {}, 2, "stuck", 0],
    ["aligned-mtl", {}, 3, [-0.38, -19.83], 0.02],
    ["aligned-mtl", {}, 4, [-0.38, -19.83], 0.02],
  ];
  test.each(measured)("%s %o: from start %i it ends at %o", (method, options, start, expected, within) => {
    const { position, losses } = descend({
      method,
      options,
      start: nashStarts[start] ?? [NaN, NaN],
      steps: 35_000,
      factors: [0.1, 1],
    });
    if (expected === "stuck") {
      expect(onFront(position)).toBe(false);
      return;
    }
    // These losses tell the place along the front; the slowest has still a little way to it.
    expected.forEach((loss, i) => expect(Math.abs((losses[i] ?? NaN) - loss)).toBeLessThan(within));
  });

  test("nash-mtl: starting in the middle it stays balanced, whatever the scale of a loss", () => {
    const { position } = descend({ method: "nash-mtl", start: [0, 0], steps: 35_000, factors: [0.1, 1] });
    expect(Math.abs(position[0])).toBeLessThan(0.05);
  });
});

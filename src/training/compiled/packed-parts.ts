import { LayerProducts } from "../gradients/products.ts";
import type { GradientRows } from "../ownership-meter.ts";
import type { HeldAccumulators, HeldParts } from "../passes/held-gradients.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import type { GraphRun } from "./graph-run.ts";
import { piecesOf, type HeldProductValues } from "./held-nodes.ts";

interface PackedStep {
  readonly run: GraphRun;
  /** With the gradients themselves. */
  readonly values: HeldProductValues;
  readonly common: readonly TrainedParameter[];
  /** By task, as many as there are losses. */
  readonly weights: readonly number[];
  readonly accumulators: () => readonly HeldAccumulators[];
}

/** Parts of a step whose gradients TensorFlow has packed. Their products are known already. */
export class PackedParts implements HeldParts {
  readonly precision = "single";
  readonly #step: PackedStep;
  #accumulators: readonly HeldAccumulators[] | undefined;

  constructor(step: PackedStep) {
    this.#step = step;
  }

  show(index: number, see: (gradients: GradientRows, accumulators: HeldAccumulators) => void): void {
    const { run, values, common, weights, accumulators } = this.#step;
    const parameter = common[index];
    const name = values.packed.get(parameter?.id ?? -1);
    this.#accumulators ??= accumulators();
    const own = this.#accumulators[index];
    if (parameter === undefined || name === undefined || own === undefined) throw new RangeError(`There is no common parameter ${index}.`);
    const { length } = piecesOf(parameter.size);
    run.show(name, (packed) => {
      const read = (task: number, start: number, count: number): Float32Array => {
        const first = (Math.floor(start / length) * weights.length + task) * length + (start % length);
        return packed.subarray(first, first + count);
      };
      see({ length, read }, own);
    });
  }

  products(): { readonly products: LayerProducts; readonly square: number } {
    const { run, values, common, weights } = this.#step;
    const size = weights.length;
    const products = new LayerProducts(
      size + 1,
      common.map(({ parameter }) => parameter.layer),
    );
    const byId = new Map(common.map((parameter) => [parameter.id, parameter]));
    const matrices = values.products === undefined ? new Float32Array(0) : run.values(values.products);
    let [start, square] = [0, 0];
    // They follow each other as the gradients do that they are of.
    for (const id of values.packed.keys()) {
      const parameter = byId.get(id);
      if (parameter === undefined) throw new RangeError("Gradients of a parameter that does not move have no part in a step.");
      const end = start + piecesOf(parameter.size).pieces * size * size;
      const sums = withDirection(matrices.subarray(start, end), weights);
      products.addKnown(parameter.parameter.layer, [...parameter.reach, size], sums);
      square += sums.at(-1) ?? 0;
      start = end;
    }
    return { products, square };
  }
}

/** The sum of matrices that follow each other, with one more row and column for the direction Σ w_i g_i. */
function withDirection(matrices: Float32Array, weights: readonly number[]): Float64Array {
  const size = weights.length;
  const wide = size + 1;
  const sums = new Float64Array(wide * wide);
  for (let k = 0; k < matrices.length; k++) {
    const place = k % (size * size);
    const at = Math.floor(place / size) * wide + (place % size);
    sums[at] = (sums[at] ?? 0) + (matrices[k] ?? 0);
  }
  weights.forEach((_, i) => {
    const along = weights.reduce((sum, weight, j) => sum + weight * (sums[i * wide + j] ?? 0), 0);
    sums[i * wide + size] = along;
    sums[size * wide + i] = along;
  });
  sums[wide * wide - 1] = Math.max(0, weights.reduce((sum, weight, i) => sum + weight * (sums[i * wide + size] ?? 0), 0)); // prettier-ignore
  return sums;
}

import { multiplyBySum } from "../gradients/products.ts";
import type { HeldAccumulators, HeldParts } from "../passes/held-gradients.ts";
import type { GradientRows } from "../shared-step.ts";
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
  /** By common parameter. */
  readonly accumulators: readonly HeldAccumulators[];
}

/** Parts of a step whose gradients TensorFlow has packed. Their products are known where the step went by them. */
export class PackedParts implements HeldParts {
  readonly precision = "single";
  readonly #step: PackedStep;

  constructor(step: PackedStep) {
    this.#step = step;
  }

  show(index: number, see: (gradients: GradientRows, accumulators: HeldAccumulators) => void): void {
    const { run, values, common, weights, accumulators } = this.#step;
    const parameter = common[index];
    const name = values.packed.get(parameter?.id ?? -1);
    const own = accumulators[index];
    if (parameter === undefined || name === undefined || own === undefined) throw new RangeError(`There is no common parameter ${index}.`);
    const { length } = piecesOf(parameter.size);
    run.show([name], [], ([packed = new Float32Array(0)]) => {
      const read = (task: number, start: number, count: number): Float32Array => {
        const first = (Math.floor(start / length) * weights.length + task) * length + (start % length);
        return packed.subarray(first, first + count);
      };
      see({ length, read }, own);
    });
  }

  products(index: number): Float64Array | undefined {
    const { run, values, common, weights } = this.#step;
    const [id, name] = [common[index]?.id, values.products];
    if (name === undefined || !run.has(name)) return undefined;
    const size = weights.length;
    const sizes = new Map(common.map((parameter) => [parameter.id, parameter.size]));
    let start = 0;
    // They follow each other as the gradients do that they are of.
    for (const each of values.packed.keys()) {
      const end = start + piecesOf(sizes.get(each) ?? 0).pieces * size * size;
      if (each === id) return summed(run.values(name).subarray(start, end), weights);
      start = end;
    }
    return undefined;
  }
}

/** The sum of matrices that follow each other, with the products with the direction. */
function summed(matrices: Float32Array, weights: readonly number[]): Float64Array {
  const size = weights.length;
  const wide = size + 1;
  const sums = new Float64Array(wide * wide);
  for (let k = 0; k < matrices.length; k++) {
    const place = k % (size * size);
    const at = Math.floor(place / size) * wide + (place % size);
    sums[at] = (sums[at] ?? 0) + (matrices[k] ?? 0);
  }
  multiplyBySum(sums, weights);
  return sums;
}

import { customGrad, mul, reshape, sum, Tensor } from "@tensorflow/tfjs-core";

/**
 * Weighted sum over the lines of a batch, as a scalar. `target` is `[lines, columns]` and `output` has as many numbers a line
 * (`gaussian`: twice as many), in any shape that ends with them. `rowWeight` is `[lines, 1]`, or `[lines, columns]` where each
 * column is answered by itself; it sums to 1 over the batch, and is 0 for what has no label.
 */
export type LossFunction = (output: Tensor, target: Tensor, rowWeight: Tensor) => Tensor;

/** What the lines of a batch contribute, and the slope of their sum with respect to the outputs, both weighted. */
export interface Terms {
  readonly terms: Tensor;
  readonly slope: Tensor;
}

/**
 * Makes a loss of its terms and slopes. Each gradient is given in closed form: fewer operations, and none of the traps of
 * differentiating abs, max or log.
 */
export function linewise(ofLines: (output: Tensor, target: Tensor, rowWeight: Tensor) => Terms): LossFunction {
  return (output, target, rowWeight) =>
    customGrad((...inputs) => {
      const [outputs, save] = inputs;
      if (!(outputs instanceof Tensor) || typeof save !== "function") throw new TypeError("A loss is a function of one tensor.");
      const { terms, slope } = ofLines(outputs, target, rowWeight);
      save([slope]);
      return {
        value: sum(terms),
        gradFunc: (dy: Tensor, [saved]: Tensor[]) => {
          if (saved === undefined) throw new TypeError("The slope of a loss was not saved.");
          return mul(saved, dy);
        },
      };
    })(inLines(output));
}

/** Outputs of pixels, `[rows, height, width, classes]`, line by line. */
function inLines(output: Tensor): Tensor {
  return output.rank === 2 ? output : reshape(output, [-1, output.shape.at(-1) ?? 1]);
}

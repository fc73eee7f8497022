import { abs, clipByValue, customGrad, div, exp, log, max, mul, sign, sub, sum, Tensor } from "@tensorflow/tfjs-core";
import type { Task } from "../experiment/schema.ts";

export type LossKind = NonNullable<Task["loss"]>;

/** The loss of a task that names none. */
export function lossOf(task: Pick<Task, "kind" | "loss">): LossKind {
  return task.loss ?? (task.kind === "classification" ? "cross-entropy" : "mse");
}

/**
 * Weighted sum over the rows of a batch, as a scalar. `output` are logits `[rows, classes]` or values `[rows, 1]`, `target` has
 * the same shape (one-hot, or values), `rowWeight` is `[rows, 1]`: 1 ⁄ labelled rows, and 0 for a row without a label.
 * Each gradient is given in closed form: fewer operations, and none of the traps of differentiating abs, max or log.
 */
export type LossFunction = (output: Tensor, target: Tensor, rowWeight: Tensor) => Tensor;

export const lossFunctions: Readonly<Record<LossKind, LossFunction>> = {
  /** −log softmax(output) at the true class, from logits shifted by their maximum so that nothing overflows. */
  "cross-entropy": rowwise((output, target) => {
    const shifted = sub(output, max(output, 1, true));
    const exponentials = exp(shifted);
    const total = sum(exponentials, 1, true);
    return {
      rows: sub(log(total), sum(mul(shifted, target), 1, true)),
      slope: sub(div(exponentials, total), target),
    };
  }),
  /** (output − target)² */
  mse: rowwise((output, target) => {
    const difference = sub(output, target);
    return { rows: mul(difference, difference), slope: mul(difference, 2) };
  }),
  /** |output − target|, with slope 0 where they are equal. */
  mae: rowwise((output, target) => {
    const difference = sub(output, target);
    return { rows: abs(difference), slope: sign(difference) };
  }),
  /** Huber's loss with its bend at 1: ½ d² inside, |d| − ½ outside. */
  huber: rowwise((output, target) => {
    const difference = sub(output, target);
    const slope = clipByValue(difference, -1, 1);
    // s d − ½ s² is both branches at once, s being the clipped difference.
    return { rows: sub(mul(slope, difference), mul(mul(slope, slope), 0.5)), slope };
  }),
};

/** Makes a loss of what one row contributes, `[rows, 1]`, and its slope with respect to the outputs. */
function rowwise(ofRows: (output: Tensor, target: Tensor) => { readonly rows: Tensor; readonly slope: Tensor }): LossFunction {
  return (output, target, rowWeight) =>
    customGrad((...inputs) => {
      const [logits, save] = inputs;
      if (!(logits instanceof Tensor) || typeof save !== "function") throw new TypeError("A loss is a function of one tensor.");
      const { rows, slope } = ofRows(logits, target);
      save([mul(slope, rowWeight)]);
      return {
        value: sum(mul(rows, rowWeight)),
        gradFunc: (dy: Tensor, [weighted]: Tensor[]) => {
          if (weighted === undefined) throw new TypeError("The slope of a loss was not saved.");
          return mul(weighted, dy);
        },
      };
    })(output);
}

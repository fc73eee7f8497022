import { abs, add, exp, log1p, mul, neg, pow, relu, sigmoid, sub, sum, tensor2d, type Tensor } from "@tensorflow/tfjs-core";
import { linewise, type LossFunction } from "./loss.ts";

/** ln(1 + e^z), without overflow. */
function softplus(z: Tensor): Tensor {
  return add(relu(z), log1p(exp(neg(abs(z)))));
}

/** −w y ln p − (1 − y) ln(1 − p), p = σ(output), column by column; `positiveWeights` is w, one number a column. */
export function binaryCrossEntropy(positiveWeights: Float32Array): LossFunction {
  return linewise((output, target, rowWeight) => {
    const positive = mul(target, tensor2d(positiveWeights, [1, positiveWeights.length]));
    const negative = sub(1, target);
    return {
      terms: mul(add(mul(positive, softplus(neg(output))), mul(negative, softplus(output))), rowWeight),
      slope: mul(sub(mul(negative, sigmoid(output)), mul(positive, sigmoid(neg(output)))), rowWeight),
    };
  });
}

/**
 * −(1 − p)^γ ln p of the true answer (Lin et al., ICCV 2017, arXiv 1708.02002). With x = ±output, + for positives, and p = σ(x):
 *
 *   ∂/∂x = (1 − p)^γ (γ p ln p + p − 1)
 *
 * `weights` are what a negative and a positive count.
 */
export function binaryFocal(gamma: number, weights: readonly [negative: number, positive: number]): LossFunction {
  const [no, yes] = weights;
  return linewise((output, target, rowWeight) => {
    const side = sub(mul(target, 2), 1);
    const x = mul(output, side);
    const logShare = neg(softplus(neg(x)));
    const rest = sigmoid(neg(x));
    const focus = pow(rest, gamma);
    const weight = mul(rowWeight, add(mul(target, yes - no), no));
    const steepness = mul(focus, sub(mul(mul(sigmoid(x), logShare), gamma), rest));
    return { terms: mul(neg(mul(focus, logShare)), weight), slope: mul(mul(steepness, side), weight) };
  });
}

/**
 * Cumulative link over ordered classes, as CORAL (Cao, Mirjalili, Raschka 2020, arXiv 1901.07884) with equal importance: Σ over the
 * thresholds of the binary cross-entropy of `target`, 1 where the class is above. That the logits differ by their thresholds alone,
 * so that the chance of a higher class is never the greater one, is up to the output layer.
 */
export const ordinalCrossEntropy: LossFunction = linewise((output, target, rowWeight) => ({
  terms: mul(sum(sub(softplus(output), mul(target, output)), 1, true), rowWeight),
  slope: mul(sub(sigmoid(output), target), rowWeight),
}));

import { add, div, exp, log, max, maximum, mul, neg, pow, sub, sum, tensor2d, type Tensor } from "@tensorflow/tfjs-core";
import { linewise, type LossFunction } from "./loss.ts";

/** Smallest number whose inverse is still finite in single precision, with room to spare. */
const tiny = 1e-30;

/**
 * −Σ_c q_c ln p_c with p = softmax(output), from logits shifted by their maximum so that nothing overflows, and
 * q = (1 − ε) target + ε ⁄ C (label smoothing, Szegedy et al., CVPR 2016). `weights` say what a line of each class counts.
 */
export function crossEntropy(smoothing: number, weights: Float32Array | undefined): LossFunction {
  return linewise((output, target, rowWeight) => {
    const shifted = sub(output, max(output, 1, true));
    const exponentials = exp(shifted);
    const total = sum(exponentials, 1, true);
    const wanted = smoothing === 0 ? target : add(mul(target, 1 - smoothing), smoothing / (target.shape[1] ?? 1));
    const weight = weighted(rowWeight, target, weights);
    return {
      terms: mul(sub(log(total), sum(mul(shifted, wanted), 1, true)), weight),
      slope: mul(sub(div(exponentials, total), wanted), weight),
    };
  });
}

/**
 * −(1 − p)^γ ln p of the true class (Lin et al., ICCV 2017, arXiv 1708.02002), p = softmax(output). With q = 1 − p, summed over the
 * other classes so that it keeps its digits where p is close to 1:
 *
 *   ∂/∂z_j = (γ q^γ p ln p ⁄ q − q^γ) (target_j − p_j)
 */
export function focal(gamma: number, weights: Float32Array | undefined): LossFunction {
  return linewise((output, target, rowWeight) => {
    const shifted = sub(output, max(output, 1, true));
    const exponentials = exp(shifted);
    const total = sum(exponentials, 1, true);
    const shares = div(exponentials, total);
    const share = sum(mul(shares, target), 1, true);
    const rest = sum(mul(shares, sub(1, target)), 1, true);
    const logShare = sub(sum(mul(shifted, target), 1, true), log(total));
    const focus = pow(rest, gamma);
    const weight = weighted(rowWeight, target, weights);
    const steepness = sub(div(mul(mul(focus, gamma), mul(share, logShare)), maximum(rest, tiny)), focus);
    return {
      terms: mul(neg(mul(focus, logShare)), weight),
      slope: mul(mul(steepness, sub(target, shares)), weight),
    };
  });
}

function weighted(rowWeight: Tensor, target: Tensor, weights: Float32Array | undefined): Tensor {
  return weights === undefined ? rowWeight : mul(rowWeight, sum(mul(target, tensor2d(weights, [1, weights.length])), 1, true));
}

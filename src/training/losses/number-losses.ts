import {
  abs,
  cast,
  clipByValue,
  concat,
  div,
  exp,
  greater,
  maximum,
  mul,
  neg,
  sign,
  slice,
  sqrt,
  square,
  sub,
  add,
  sum,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { linewise, type LossFunction } from "./loss.ts";

/** (output − target)² */
export const squaredError: LossFunction = linewise((output, target, rowWeight) => {
  const difference = sub(output, target);
  return { terms: mul(mul(difference, difference), rowWeight), slope: mul(mul(difference, 2), rowWeight) };
});

/** |output − target|, with slope 0 where they are equal. */
export const absoluteError: LossFunction = linewise((output, target, rowWeight) => {
  const difference = sub(output, target);
  return { terms: mul(abs(difference), rowWeight), slope: mul(sign(difference), rowWeight) };
});

/** Huber's loss with its bend at δ: ½ d² inside, δ |d| − ½ δ² outside. */
export function huber(delta: number): LossFunction {
  return linewise((output, target, rowWeight) => {
    const difference = sub(output, target);
    const slope = clipByValue(difference, -delta, delta);
    // s d − ½ s² is both branches at once, s being the clipped difference.
    return { terms: mul(sub(mul(slope, difference), mul(mul(slope, slope), 0.5)), rowWeight), slope: mul(slope, rowWeight) };
  });
}

/** Bounds of the log variance: a variance of 4.5e-5 to 22 000 times that of the labels. */
const mostLogVariance = 10;

/**
 * Negative log-likelihood of a normal distribution without its constant (Nix, Weigend 1994): ½ (s + d² e^(−s)), d = output − target.
 * The outputs are the means, then as many log variances s. Beyond ±10, s counts as 10, and its slope is the one there, which leads
 * back.
 */
export const gaussian: LossFunction = linewise((output, target, rowWeight) => {
  const [lines = 0, columns = 0] = target.shape;
  const difference = sub(slice(output, [0, 0], [lines, columns]), target);
  const logVariance = clipByValue(slice(output, [0, columns], [lines, columns]), -mostLogVariance, mostLogVariance);
  const precision = exp(neg(logVariance));
  const normalised = mul(mul(difference, difference), precision);
  return {
    terms: mul(mul(add(logVariance, normalised), 0.5), rowWeight),
    slope: concat([mul(mul(difference, precision), rowWeight), mul(mul(sub(1, normalised), 0.5), rowWeight)], 1),
  };
});

/** Shorter outputs count as being this long, so that a vector of 0 has a slope that is finite. */
const shortestOutput = 0.01;
/** Targets shorter than this have no direction. */
const shortestTarget = 1e-6;

/**
 * 1 − cos of the angle between output and target, over the components that are known. With t̂ = t ⁄ ‖t‖ and n = max(‖o‖, 0.01):
 *
 *   1 − o·t̂ ⁄ n,   ∂/∂o = −(t̂ − (o·t̂) o ⁄ n²) ⁄ n,  or −t̂ ⁄ n where the output is shorter than that
 */
export const cosine: LossFunction = linewise((output, target, rowWeight) => {
  const known = cast(greater(rowWeight, 0), "float32");
  const [o, t] = [mul(output, known), mul(target, known)];
  const unit = div(t, maximum(lengths(t), shortestTarget));
  const length = lengths(o);
  const n = maximum(length, shortestOutput);
  const along = sum(mul(o, unit), 1, true);
  const bent = cast(greater(length, shortestOutput), "float32");
  const weight = sum(rowWeight, 1, true);
  const turned = sub(unit, mul(mul(o, div(along, square(n))), bent));
  return { terms: mul(sub(1, div(along, n)), weight), slope: mul(neg(div(turned, n)), mul(weight, known)) };
});

function lengths(vectors: Tensor): Tensor {
  return sqrt(sum(square(vectors), 1, true));
}

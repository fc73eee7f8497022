import { add, mul, tensor, type Tensor } from "@tensorflow/tfjs-core";

import type { RandomStream } from "../../balancers/kernels/random-stream.ts";

/** Layers that do nothing but draw random numbers while training. */
export type NoiseKind = "dropout" | "spatialDropout1d" | "gaussianNoise" | "gaussianDropout" | "alphaDropout";

/** SELU's scale times its alpha (Klambauer et al., NeurIPS 2017): minus the value to which dropped units are set. */
const seluFloor = 1.7580993408473766;

/**
 * Applies one noise layer in training. `amount` is the share dropped, or the standard deviation of `gaussianNoise`. Every number
 * comes from `random`, element after element, so that the same state gives the same noise on every backend.
 */
export function applyNoise(kind: NoiseKind, input: Tensor, amount: number, random: RandomStream): Tensor {
  if (amount === 0) return input;
  switch (kind) {
    case "dropout":
      return mul(input, dropoutMask(input.shape, amount, random));
    case "spatialDropout1d":
      // One draw for each row and channel; it holds for all steps of the sequence.
      return mul(input, dropoutMask(input.shape.toSpliced(1, 1, 1), amount, random));
    case "gaussianNoise":
      return add(
        input,
        filled(input.shape, () => amount * random.normal()),
      );
    case "gaussianDropout": {
      const deviation = Math.sqrt(amount / (1 - amount));
      return mul(
        input,
        filled(input.shape, () => 1 + deviation * random.normal()),
      );
    }
    case "alphaDropout":
      return alphaDropout(input, amount, random);
  }
}

/** 0 with probability `rate`, else 1/(1 − rate), so that the expected value stays. */
export function dropoutMask(shape: readonly number[], rate: number, random: RandomStream): Tensor {
  const kept = 1 / (1 - rate);
  return filled(shape, () => (random.uniform() < rate ? 0 : kept));
}

/** Dropped units are set to SELU's floor, then all are scaled and shifted so that mean 0 and variance 1 are kept. */
function alphaDropout(input: Tensor, rate: number, random: RandomStream): Tensor {
  const scale = 1 / Math.sqrt((1 - rate) * (1 + rate * seluFloor ** 2));
  const shift = scale * seluFloor * rate;
  const factors = new Float32Array(input.size);
  const offsets = new Float32Array(input.size);
  for (let i = 0; i < factors.length; i++) {
    const dropped = random.uniform() < rate;
    factors[i] = dropped ? 0 : scale;
    offsets[i] = dropped ? shift - scale * seluFloor : shift;
  }
  return add(mul(input, tensor(factors, input.shape)), tensor(offsets, input.shape));
}

function filled(shape: readonly number[], draw: () => number): Tensor {
  const values = new Float32Array(shape.reduce((size, axis) => size * axis, 1));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return tensor(values, [...shape]);
}

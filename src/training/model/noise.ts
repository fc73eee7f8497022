import { add, mul, sub, tensor, type Tensor } from "@tensorflow/tfjs-core";
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
        filled(
          input.shape,
          random,
          each(() => amount * random.normal()),
        ),
      );
    case "gaussianDropout": {
      const deviation = Math.sqrt(amount / (1 - amount));
      return mul(
        input,
        filled(
          input.shape,
          random,
          each(() => 1 + deviation * random.normal()),
        ),
      );
    }
    case "alphaDropout":
      return alphaDropout(input, amount, random);
  }
}

/** 0 with probability `rate`, else 1/(1 − rate), so that the expected value stays. */
export function dropoutMask(shape: readonly number[], rate: number, random: RandomStream): Tensor {
  const kept = 1 / (1 - rate);
  return filled(shape, random, (values) => random.fillEither(values, rate, 0, kept));
}

/** Dropped units are set to SELU's floor, then all are scaled and shifted so that mean 0 and variance 1 are kept. */
function alphaDropout(input: Tensor, rate: number, random: RandomStream): Tensor {
  const scale = 1 / Math.sqrt((1 - rate) * (1 + rate * seluFloor ** 2));
  const shift = scale * seluFloor * rate;
  const kept = filled(input.shape, random, (values) => random.fillEither(values, rate, 0, 1));
  const floor = mul(sub(1, kept), shift - scale * seluFloor);
  return add(mul(input, mul(kept, scale)), add(mul(kept, shift), floor));
}

/** What is drawn of noise, and how to draw it again. */
export interface DrawnNoise {
  readonly tensor: Tensor;
  readonly shape: readonly number[];
  /** Gives these, as many as the tensor has, the next numbers of the stream, as the tensor holds those before. */
  readonly fill: (values: Float32Array) => void;
}

const watches = new WeakMap<RandomStream, (drawn: DrawnNoise) => void>();

/** Tells of every tensor of noise that `work` draws from a stream, in the order of the draws. */
export function watchingNoise<T>(random: RandomStream, watch: (drawn: DrawnNoise) => void, work: () => T): T {
  watches.set(random, watch);
  try {
    return work();
  } finally {
    watches.delete(random);
  }
}

/** As many numbers as a tensor of this shape has, filled with noise. A new array: the backend may keep it. */
export function drawn({ shape, fill }: Pick<DrawnNoise, "shape" | "fill">): Float32Array {
  const values = new Float32Array(shape.reduce((product, axis) => product * axis, 1));
  fill(values);
  return values;
}

function filled(shape: readonly number[], random: RandomStream, fill: DrawnNoise["fill"]): Tensor {
  const made = tensor(drawn({ shape, fill }), [...shape]);
  watches.get(random)?.({ tensor: made, shape, fill });
  return made;
}

function each(draw: () => number): DrawnNoise["fill"] {
  return (values) => {
    for (let i = 0; i < values.length; i++) values[i] = draw();
  };
}

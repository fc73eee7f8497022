import type { Random } from "../../../api/taskscope.js";
import type { RandomStream } from "../../balancers/kernels/random-stream.ts";

/**
 * Lets `Math.random` draw from a stream while the user's code runs. All unseeded draws of TensorFlow.js come down to it (initial
 * weights, dropout masks, `tf.randomNormal`), those of packages too, so that whatever the code draws is the same in every run.
 */
export function withRandom<T>(stream: RandomStream, work: () => T): T {
  const before = Math.random;
  Math.random = () => stream.uniform();
  try {
    return work();
  } finally {
    Math.random = before;
  }
}

/** The same for work that waits. Nothing else in this process may draw meanwhile. */
export async function withRandomMeanwhile<T>(stream: RandomStream, work: () => T | Promise<T>): Promise<T> {
  const before = Math.random;
  Math.random = () => stream.uniform();
  try {
    return await work();
  } finally {
    Math.random = before;
  }
}

/** A stream as the user's code gets it. */
export function asRandom(stream: RandomStream): Random {
  return {
    uniform: () => stream.uniform(),
    normal: () => stream.normal(),
    below: (bound) => stream.below(bound),
    shuffle: (values) => stream.shuffle(values),
  };
}

import * as tf from "@tensorflow/tfjs-core";
import { apart } from "./references.ts";

/** Something to differentiate: what it depends on, and how it is computed. */
export interface GradientCase {
  readonly name: string;
  readonly build: () => { readonly variables: readonly tf.Variable[]; readonly f: () => tf.Tensor };
  /** Why the cpu backend's gradient is not compared: it is wrong, or missing. */
  readonly notOnCpu?: string;
}

export type Values = (count: number, seed: number) => Float32Array;

/** A case whose inputs have these shapes and the values of `make`: by default different, well apart, and not near 0. */
export function operation(
  name: string,
  shapes: readonly (readonly number[])[],
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  make: Values = apart,
): GradientCase {
  return {
    name,
    build() {
      const variables = shapes.map((shape, i) =>
        tf.tidy(() => tf.variable(tf.tensor(make(tf.util.sizeFromShape([...shape]), i + 1), [...shape]))),
      );
      return { variables, f: () => f(...variables) };
    },
  };
}

import { concat, reshape, slice, type Tensor } from "@tensorflow/tfjs-core";

import type { InputSpec } from "../data/dataset.ts";
import type { PlannedLayer } from "./planned-layer.ts";

/**
 * The trained vectors of an input's categories, each a layer `input.<name>`; `exact` makes a name unique. They are part of what
 * all tasks share, and begin as those of the layer `embedding` do.
 */
export function planEmbeddings({ embeddings = [] }: InputSpec, exact: (name: string) => string): PlannedLayer[] {
  return embeddings.map(({ name, rows, size, zeroRow }) => ({
    path: ["data", "inputs"],
    // A slash would make the names of the run's series ambiguous.
    name: exact(`input.${name.replaceAll("/", "_")}`),
    kind: "embedding",
    arguments: { inputDim: rows, outputDim: size, embeddingsInitializer: "randomUniform" },
    outputShape: [1, size],
    weights: [{ name: "embeddings", shape: [rows, size] }],
    zeroRow,
  }));
}

/** Shape of an input once each category's number has become its vector. */
export function enteredShape({ shape, embeddings = [] }: InputSpec): readonly number[] {
  if (embeddings.length === 0) return shape;
  return [(shape[0] ?? 0) + embeddings.reduce((sum, { size }) => sum + size - 1, 0)];
}

/** Puts the vectors in the place of the numbers, which are an input's last features: `[rows, features]` → `[rows, more features]`. */
export function enter(input: Tensor, vectorsOf: readonly ((numbers: Tensor) => Tensor)[]): Tensor {
  if (vectorsOf.length === 0) return input;
  const [rows = 0, features = 0] = input.shape;
  const plain = features - vectorsOf.length;
  const vectors = vectorsOf.map((vectors, index) => {
    const found = vectors(slice(input, [0, plain + index], [rows, 1]));
    return reshape(found, [rows, found.size / rows]);
  });
  const parts = plain === 0 ? vectors : [slice(input, [0, 0], [rows, plain]), ...vectors];
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : concat(parts, 1);
}

import type { LayerArguments } from "./layer-registry.ts";

/** A layer with its name, arguments and shapes, before any memory is taken for it. Shapes are without the batch axis. */
export interface PlannedLayer {
  /** Its entry in the experiment file; the task's own for an output layer, which has none. */
  readonly path: readonly (string | number)[];
  readonly name: string;
  /** Name in the catalogue, or of the output layer that was added. */
  readonly kind: string;
  readonly arguments: LayerArguments;
  readonly outputShape: readonly number[];
  readonly weights: readonly PlannedWeight[];
  /** Of an embedding: the vector that begins as 0. */
  readonly zeroRow?: number;
}

export interface PlannedWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a layer gets its input from: the data, or the layer before it. */
export type Source = Pick<PlannedLayer, "name" | "outputShape">;

/** Number of trainable and fixed numbers in a layer. */
export function countParameters(layer: PlannedLayer): number {
  return layer.weights.reduce((sum, { shape }) => sum + shape.reduce((size, axis) => size * axis, 1), 0);
}

export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

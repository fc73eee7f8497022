import { Tensor } from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";

/** A layer with one input and one output that the library lacks, or has with an error. */
export abstract class OwnLayer extends layers.Layer {
  /** The library asks every layer for it, to name and to save it; ours are named by their plan and saved by checkpoints. */
  static readonly className: string = "OwnLayer";

  protected abstract compute(input: Tensor, training: boolean): Tensor;

  override call(inputs: Tensor | Tensor[], kwargs: Readonly<Record<string, unknown>>): Tensor {
    const [input, ...more] = inputs instanceof Tensor ? [inputs] : inputs;
    if (input === undefined || more.length > 0) throw new TypeError("This layer has one input.");
    return this.compute(input, kwargs["training"] === true);
  }
}

/** The one shape that a layer with one input is built on. */
export function singleShape(shape: layers.Layer["batchInputShape"] | layers.Layer["batchInputShape"][]): (number | null)[] {
  const entries: (number | null)[] = [];
  for (const entry of shape) {
    if (Array.isArray(entry)) throw new TypeError("This layer has one input.");
    entries.push(entry);
  }
  return entries;
}

/** Position of an axis that may be counted from the end. */
export function positionOf(axis: number, axes: number): number {
  const position = axis < 0 ? axis + axes : axis;
  if (position < 1 || position >= axes) throw new RangeError(`axis ${axis} is not one of the input's ${axes - 1} axes`);
  return position;
}

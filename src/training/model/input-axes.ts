import type { TaskTargets } from "../data/dataset.ts";
import { ModelError } from "./model-error.ts";
import { shapeText, type PlannedLayer, type Source } from "./planned-layer.ts";

const wanted = {
  1: "a flat row [features]",
  2: "a sequence [steps, channels]",
  3: "an image [height, width, channels]",
} as const;

/** Throws `ModelError` where a layer is given other axes than it works on. */
export function requireAxes(kind: string, axes: 1 | 2 | 3 | undefined, source: Source, path: PlannedLayer["path"]): void {
  const found = source.outputShape.length;
  if (kind === "flatten" && found < 2) {
    throw new ModelError({
      code: "MTL401",
      path,
      message: `flatten gets ${shapeText(source.outputShape)} from ${source.name}, which is flat already. Delete this layer.`,
    });
  }
  if (axes === undefined || axes === found) return;
  throw new ModelError({
    code: "MTL401",
    path,
    message: `${kind} needs ${wanted[axes]}, but gets ${shapeText(source.outputShape)} from ${source.name}. ${advice(axes, found, source)}`,
  });
}

function advice(axes: 1 | 2 | 3, found: number, source: Source): string {
  if (axes === 1) return "Put flatten or a global pooling before it.";
  if (found === 1 && source.name === "the data")
    return "The columns of a table are a flat row: use dense layers, or reshape the row first.";
  if (found === 1) return "Put it before the layer that flattens, or reshape the row first.";
  return "Use the layer for that kind of input, or put a reshape before it.";
}

/** What most output layers are put on. */
export function requireFlat(task: string, { name, outputShape }: Source, path: PlannedLayer["path"]): void {
  if (outputShape.length === 1) return;
  throw new ModelError({
    code: "MTL405",
    path,
    message: `The output layer of task "${task}" needs a flat row of features, but gets ${shapeText(outputShape)} from ${name}. Add flatten after this layer.`,
  });
}

/** What the output layer of a segmentation is put on. */
export function requirePixels({ id, shape }: TaskTargets, { name, outputShape }: Source, path: PlannedLayer["path"]): void {
  if (outputShape.length === 3 && shape.every((side, axis) => side === outputShape[axis])) return;
  throw new ModelError({
    code: "MTL407",
    path,
    message:
      `The output layer of task "${id}" needs features for each of its ${shape.join(" × ")} pixels, [${[...shape, "channels"].join(", ")}], ` +
      `but gets ${shapeText(outputShape)} from ${name}. Set "padding: same" before it, and undo strides and poolings by upSampling2d or conv2dTranspose.`,
  });
}

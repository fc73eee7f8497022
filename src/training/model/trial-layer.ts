import type { TfLayer } from "./layer-registry.ts";
import { ModelError } from "./model-error.ts";
import { shapeText, type PlannedLayer, type PlannedWeight, type Source } from "./planned-layer.ts";

/** Lets a trial layer tell its weights and output shape. Its weights are only noted, never made. */
export function measureLayer(
  kind: string,
  create: () => TfLayer,
  source: Source,
  path: PlannedLayer["path"],
): Pick<PlannedLayer, "outputShape" | "weights"> {
  const weights: PlannedWeight[] = [];
  let outputShape: readonly number[];
  try {
    const layer = create();
    noteWeights(layer, weights);
    if ("cell" in layer) noteWeights(layer.cell, weights);
    // A batch of one: with an unknown batch size, reshape would not compare its sizes.
    const input = [1, ...source.outputShape];
    layer.build(input);
    outputShape = layer.computeOutputShape(input).slice(1).map(Number);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelError({
      code: "MTL404",
      path,
      message: `${kind} cannot be built on ${shapeText(source.outputShape)} from ${source.name}: ${reason.trim().replace(/\.?$/, ".")}`,
    });
  }
  if (outputShape.some((axis) => !(axis >= 1))) {
    throw new ModelError({
      code: "MTL402",
      path,
      message:
        `${kind} leaves nothing of ${shapeText(source.outputShape)} from ${source.name}: its output would be ${shapeText(outputShape)}. ` +
        `Make its window or border smaller, set "padding: same", or take out a pooling before it.`,
    });
  }
  return { outputShape, weights };
}

/** `addWeight` is the one way in which the library's layers make their weights. */
function noteWeights(layer: unknown, weights: PlannedWeight[]): void {
  if (typeof layer !== "object" || layer === null) return;
  Object.defineProperty(layer, "addWeight", {
    value: (name: string, shape: readonly number[]) => {
      weights.push({ name: weightName(name), shape });
    },
  });
}

/** The library writes `recurrent_kernel`, the experiment file and all its names are in camel case. */
export function weightName(libraryName: string): string {
  const last = libraryName.slice(libraryName.lastIndexOf("/") + 1);
  return last.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

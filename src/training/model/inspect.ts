import type { ModelFacts } from "../../experiment/facts.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { ModelError } from "./model-error.ts";
import { planModel, type DataShape } from "./plan.ts";
import { countParameters, type PlannedLayer } from "./planned-layer.ts";

/**
 * The layers of an experiment's model with their shapes, up to the first that does not fit, and that problem. Needs no backend
 * and no memory for the weights.
 */
export function inspectModel(experiment: Pick<Experiment, "model">, data: DataShape): ModelFacts {
  const layers: PlannedLayer[] = [];
  const problems: ModelFacts["problems"][number][] = [];
  try {
    planModel(experiment, data, (layer) => layers.push(layer));
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    problems.push({ path: error.path, code: error.code, message: error.message });
  }
  return {
    layers: layers.map((layer) => ({
      path: layer.path,
      name: layer.name,
      outputShape: layer.outputShape,
      parameters: countParameters(layer),
      weights: layer.weights.map(({ name }) => name),
    })),
    problems,
  };
}

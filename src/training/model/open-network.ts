import { trainedKinds } from "../kinds/kinds.ts";
import { buildModuleModel } from "../modules/module-model.ts";
import type { ModuleRoom, UserModule } from "../modules/open-module.ts";
import type { RandomStreams } from "../random-streams.ts";
import { buildModel } from "./build.ts";
import type { MultiTaskModel } from "./model.ts";
import { lossIn, type DataShape, type PlannedExperiment } from "./plan.ts";

/** The network of an experiment, built of its layers or by the user's own code. Throws `ModelError` or `ModuleError`. */
export async function openNetwork(
  experiment: PlannedExperiment,
  data: DataShape,
  streams: RandomStreams,
  room: ModuleRoom,
): Promise<{ readonly model: MultiTaskModel; readonly module?: UserModule }> {
  if (!("module" in experiment.model)) return { model: buildModel(experiment, data, streams) };
  const outputShapes = data.tasks.map((task) => trainedKinds[task.kind].outputShape(task, lossIn(experiment, task)));
  return buildModuleModel(experiment.model, { ...data, outputShapes }, streams, room);
}

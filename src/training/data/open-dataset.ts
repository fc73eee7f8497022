import type { Experiment } from "../../experiment/schema.ts";
import { openModuleData } from "../modules/module-data.ts";
import type { ModuleRoom } from "../modules/open-module.ts";
import type { Dataset } from "./dataset.ts";
import type { UserModule } from "../modules/open-module.ts";
import { DataError } from "./data-error.ts";
import { loadData } from "./load.ts";
import { taskProblems } from "./task-problems.ts";

/** The data of an experiment, read from its files or given by the user's own code. Throws `DataError` or `ModuleError`. */
export async function openDataset(
  experiment: Experiment,
  room: ModuleRoom,
): Promise<{ readonly dataset: Dataset; readonly module?: UserModule }> {
  if (!("module" in experiment.data)) return { dataset: await loadData(experiment, room.baseFolder) };
  const opened = await openModuleData(experiment.data, experiment, room);
  const { tasks, splits } = opened.dataset;
  const [problem] = taskProblems(experiment, tasks, {
    train: splits.train.count,
    validation: splits.validation.count,
    test: splits.test.count,
  });
  if (problem !== undefined) throw new DataError(problem);
  return opened;
}

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import {
  hasSources,
  placeInWhole,
  sourceExperiment,
  sourcesOf,
  type OneSource,
  type SourcesExperiment,
} from "../../experiment/data/source-experiments.ts";
import { resolveSourceSchedule } from "../../experiment/data/source-schedule.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { arrayDataset } from "./arrays/array-dataset.ts";
import { hasArrays } from "./arrays/array-experiment.ts";
import { augmentation, augmentProblems, augmentSettings } from "./augment/augmentation.ts";
import { DataError, placedAt } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";
import { imageDataset } from "./images/image-dataset.ts";
import { hasFolder } from "./images/image-rows.ts";
import { digitsFolder, isMultiMnist, multiMnistDataset, readDigits } from "./multi-mnist.ts";
import { joinDatasets, type NamedDataset } from "./sources/join-datasets.ts";
import { taskProblems } from "./task-problems.ts";
import { tableDataset } from "./tables/table-dataset.ts";
import { hasTable } from "./tables/table-plan.ts";

/**
 * Reads and prepares an experiment's data, ready to be cut into batches. Paths are resolved against `baseFolder`. The same file
 * and the same experiment always give the same data set; the training seed does not enter.
 * Throws `DataError`, with the path in the experiment that is to blame.
 */
export async function loadData(experiment: Experiment, baseFolder: string): Promise<Dataset> {
  if (hasSources(experiment)) return await loadSources(experiment, baseFolder);
  const dataset = await readDataset(experiment, baseFolder);
  const { train, validation, test } = dataset.splits;
  const counts = { train: train.count, validation: validation.count, test: test.count };
  const [problem] = [...taskProblems(experiment, dataset.tasks, counts), ...augmentProblems(experiment, dataset)];
  const settings = augmentSettings(experiment);
  if (problem === undefined) return settings === undefined ? dataset : { ...dataset, augment: augmentation(settings, dataset) };
  await dataset.close?.();
  throw new DataError(problem);
}

async function readDataset(experiment: Experiment, baseFolder: string): Promise<Dataset> {
  if (isMultiMnist(experiment)) return multiMnistDataset(await readDigits(bundledDigits()), experiment);
  if (hasArrays(experiment)) return await arrayDataset(experiment, baseFolder);
  if (hasFolder(experiment)) return await imageDataset(experiment, baseFolder);
  if (hasTable(experiment)) return await tableDataset(resolve(baseFolder, experiment.data.file), experiment);
  throw new TypeError("The experiment names neither a file nor a data set.");
}

/** One after the other: two tables being read take the memory of both. */
async function loadSources(experiment: SourcesExperiment, baseFolder: string): Promise<Dataset> {
  const datasets: NamedDataset[] = [];
  try {
    for (const source of sourcesOf(experiment)) {
      datasets.push({ name: source.name, dataset: await loadSource(experiment, source, baseFolder) });
    }
    return joinDatasets(datasets, Object.keys(experiment.tasks), resolveSourceSchedule(experiment.data.schedule));
  } catch (error) {
    for (const { dataset } of datasets) await dataset.close?.();
    throw error;
  }
}

async function loadSource(experiment: SourcesExperiment, source: OneSource, baseFolder: string): Promise<Dataset> {
  try {
    return await loadData(sourceExperiment(experiment, source), baseFolder);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(placedAt(error, placeInWhole(source.name, error.path)));
  }
}

/** Folder of the digits that come with Taskscope, if they are there. */
export function bundledDigits(): string | undefined {
  return digitsFolder(dirname(fileURLToPath(import.meta.url)));
}

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { hasSources } from "../../experiment/data/source-experiments.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { openArrayData } from "./arrays/array-dataset.ts";
import { hasArrays } from "./arrays/array-experiment.ts";
import { augmentation, augmentProblems, augmentSettings } from "./augment/augmentation.ts";
import { DataError } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";
import { openImageData } from "./images/image-dataset.ts";
import { hasFolder } from "./images/image-rows.ts";
import { digitsFolder, isMultiMnist, multiMnistDataset, readDigits } from "./multi-mnist.ts";
import type { OpenedData } from "./opened-data.ts";
import { loadSources } from "./sources/load-sources.ts";
import { taskProblems } from "./task-problems.ts";
import { openTableData } from "./tables/table-dataset.ts";
import { hasTable } from "./tables/table-plan.ts";

/**
 * Reads and prepares an experiment's data, ready to be cut into batches. Paths are resolved against `baseFolder`. The same file
 * and the same experiment always give the same data set; the training seed does not enter.
 * Throws `DataError`, with the path in the experiment that is to blame.
 */
export async function loadData(experiment: Experiment, baseFolder: string): Promise<Dataset> {
  if (hasSources(experiment)) return await loadSources(experiment, (source) => openData(source, baseFolder));
  const opened = await openData(experiment, baseFolder);
  return await opened.finish(opened.measures);
}

/** One source of rows, checked and measured. */
async function openData(experiment: Experiment, baseFolder: string): Promise<OpenedData> {
  const opened = await readData(experiment, baseFolder);
  return {
    ...opened,
    async finish(measures) {
      const dataset = await opened.finish(measures);
      const { train, validation, test } = dataset.splits;
      const counts = { train: train.count, validation: validation.count, test: test.count };
      const [problem] = [...taskProblems(experiment, dataset.tasks, counts), ...augmentProblems(experiment, dataset)];
      const settings = augmentSettings(experiment);
      if (problem === undefined) return settings === undefined ? dataset : { ...dataset, augment: augmentation(settings, dataset) };
      await dataset.close?.();
      throw new DataError(problem);
    },
  };
}

async function readData(experiment: Experiment, baseFolder: string): Promise<OpenedData> {
  if (isMultiMnist(experiment)) {
    const dataset = multiMnistDataset(await readDigits(bundledDigits()), experiment);
    return { measures: [], finish: () => dataset };
  }
  if (hasArrays(experiment)) return await openArrayData(experiment, baseFolder);
  if (hasFolder(experiment)) return await openImageData(experiment, baseFolder);
  if (hasTable(experiment)) return await openTableData(resolve(baseFolder, experiment.data.file), experiment);
  throw new TypeError("The experiment names neither a file nor a data set.");
}

/** Folder of the digits that come with Taskscope, if they are there. */
export function bundledDigits(): string | undefined {
  return digitsFolder(dirname(fileURLToPath(import.meta.url)));
}

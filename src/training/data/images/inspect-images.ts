import { readFile } from "node:fs/promises";

import type { ColumnFacts, DataFacts } from "../../../experiment/facts.ts";
import { DataError, type DataProblem } from "../data-error.ts";
import type { Dataset } from "../dataset.ts";
import type { InputMeasure } from "../input-measure.ts";
import { labelFacts } from "../labels/label-facts.ts";
import { fitRows, rowWarnings } from "../labels/label-rows.ts";
import { decodeImage } from "./decode-image.ts";
import { decodeMask } from "./decode-mask.ts";
import { imageForm, imageInput, imageMeasure } from "./image-dataset.ts";
import { ImageFault } from "./image-fault.ts";
import { isOfSystem, readImageRows, requireImages, type FolderExperiment } from "./image-rows.ts";
import { imageProblem, type ImageFiles } from "./image-store.ts";
import type { ImageForm } from "./resize.ts";

export interface FolderInspection {
  readonly columns: readonly ColumnFacts[] | undefined;
  readonly rows: DataFacts["rows"];
  readonly problems: readonly (DataProblem & { readonly severity?: "warning" })[];
  readonly shape: Pick<Dataset, "inputs" | "tasks"> | undefined;
  /** How the pixels are scaled; nothing is measured. */
  readonly measures: readonly InputMeasure[];
}

/** Images that are looked for in a check. All of them are before a training. */
const lookedFor = 2000;

/** What can be told of a folder of images from its label file, and from a look at a few images. A problem is listed, not thrown. */
export async function inspectFolder(experiment: FolderExperiment, baseFolder: string): Promise<FolderInspection> {
  let columns: readonly ColumnFacts[] | undefined;
  try {
    const { files, masks, labels, columns: names } = await readImageRows(experiment, baseFolder);
    columns = names.map((name) => ({ name, type: "text", missing: 0, distinct: 0, ...labelFacts(labels, name) }));
    const fitted = fitRows(labels, experiment.data.split);
    const { train, validation, test } = fitted.parts;
    const rows = Uint32Array.from([...train, ...validation, ...test]);
    for (const each of [files, ...masks.filter((own) => own !== undefined)]) {
      await requireImages(each, rows.subarray(0, lookedFor));
      await requireFirst(each, rows, imageForm(experiment));
    }
    return {
      columns,
      rows: { train: train.length, validation: validation.length, test: test.length },
      problems: rowWarnings(fitted).map((problem) => ({ ...problem, severity: "warning" })),
      shape: { inputs: [imageInput(imageForm(experiment))], tasks: fitted.tasks.map(({ targets }) => targets) },
      measures: [imageMeasure(experiment, [])],
    };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { columns, rows: undefined, problems: [error], shape: undefined, measures: [] };
  }
}

/** Decodes the first there is, so that a folder of something else is told at once. */
async function requireFirst(files: ImageFiles, rows: Uint32Array, form: ImageForm): Promise<void> {
  const row = rows.find((each) => files.has(each));
  if (row === undefined) return;
  try {
    const bytes = await readFile(files.path(row));
    if (files.what === "image") decodeImage(bytes, form);
    else decodeMask(bytes, form);
  } catch (error) {
    if (error instanceof ImageFault) throw imageProblem(files, row, error);
    if (isOfSystem(error)) throw imageProblem(files, row, { code: "MTL360", message: `cannot be read: ${error.message}.` });
    throw error;
  }
}

import { readFile } from "node:fs/promises";

import type { ColumnFacts, DataFacts } from "../../../experiment/facts.ts";
import { DataError, type DataProblem } from "../data-error.ts";
import type { Dataset } from "../dataset.ts";
import { labelFacts } from "../labels/label-facts.ts";
import { fitRows, rowWarnings } from "../labels/label-rows.ts";
import { decodeImage } from "./decode-image.ts";
import { imageForm, imageInput } from "./image-dataset.ts";
import { ImageFault } from "./image-fault.ts";
import { readImageRows, requireImages, type FolderExperiment } from "./image-rows.ts";
import type { ImageFiles } from "./image-store.ts";

export interface FolderInspection {
  readonly columns: readonly ColumnFacts[] | undefined;
  readonly rows: DataFacts["rows"];
  readonly problems: readonly (DataProblem & { readonly severity?: "warning" })[];
  readonly shape: Pick<Dataset, "inputs" | "tasks"> | undefined;
}

/** Images that are looked for in a check. All of them are before a training. */
const lookedFor = 2000;

/** What can be told of a folder of images from its label file, and from a look at a few images. A problem is listed, not thrown. */
export async function inspectFolder(experiment: FolderExperiment, baseFolder: string): Promise<FolderInspection> {
  let columns: readonly ColumnFacts[] | undefined;
  try {
    const { files, labels, columns: names } = await readImageRows(experiment, baseFolder);
    columns = names.map((name) => ({ name, type: "text", missing: 0, distinct: 0, ...labelFacts(labels, name) }));
    const fitted = fitRows(labels, experiment.data.split);
    const { train, validation, test } = fitted.parts;
    await requireImages(files, Uint32Array.from([...train, ...validation, ...test]).subarray(0, lookedFor));
    await requireImage(files, train[0] ?? 0, experiment);
    return {
      columns,
      rows: { train: train.length, validation: validation.length, test: test.length },
      problems: rowWarnings(fitted).map((problem) => ({ ...problem, severity: "warning" })),
      shape: { inputs: [imageInput(imageForm(experiment))], tasks: fitted.tasks.map(({ targets }) => targets) },
    };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { columns, rows: undefined, problems: [error], shape: undefined };
  }
}

async function requireImage(files: ImageFiles, row: number, experiment: FolderExperiment): Promise<void> {
  try {
    decodeImage(await readFile(files.path(row)), imageForm(experiment));
  } catch (error) {
    if (!(error instanceof ImageFault)) throw error;
    const [path, column] = [["data", "image", "column"], files.column];
    throw new DataError({
      code: error.code,
      path,
      column,
      row: files.number(row),
      message: `The image ${files.place(row)} ${error.message}`,
    });
  }
}

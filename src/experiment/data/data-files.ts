import type { Experiment } from "../schema.ts";
import { hasSources, placeInWhole, sourcesOf } from "./source-experiments.ts";

/** A file or folder that an experiment reads. */
export interface DataFile {
  /** As the experiment writes it: relative to the experiment file. */
  readonly file: string;
  /** Path in the experiment. */
  readonly path: readonly (string | number)[];
}

/** The files that the rows come from, and the folders of images, in the order of the experiment. */
export function dataFiles(experiment: Pick<Experiment, "data">): readonly DataFile[] {
  if (!hasSources(experiment)) return filesOf(experiment.data);
  return sourcesOf(experiment).flatMap(({ name, data }) =>
    filesOf(data).map(({ file, path }) => ({ file, path: placeInWhole(name, path) })),
  );
}

function filesOf(data: Experiment["data"]): readonly DataFile[] {
  if ("file" in data) return [{ file: data.file, path: ["data", "file"] }];
  if ("arrays" in data) return Object.entries(data.arrays).map(([name, file]) => ({ file, path: ["data", "arrays", name] }));
  if (!("folder" in data)) return [];
  return [
    { file: data.folder, path: ["data", "folder"] },
    { file: data.labels, path: ["data", "labels"] },
  ];
}

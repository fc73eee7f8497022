import type { Experiment } from "../schema.ts";

/** A file or folder that an experiment reads. */
export interface DataFile {
  /** As the experiment writes it: relative to the experiment file. */
  readonly file: string;
  /** Path in the experiment. */
  readonly path: readonly string[];
}

/** The files that the rows come from, and the folder of images, in the order of the experiment. */
export function dataFiles({ data }: Pick<Experiment, "data">): readonly DataFile[] {
  if ("file" in data) return [{ file: data.file, path: ["data", "file"] }];
  if ("arrays" in data) return Object.entries(data.arrays).map(([name, file]) => ({ file, path: ["data", "arrays", name] }));
  if (!("folder" in data)) return [];
  return [
    { file: data.folder, path: ["data", "folder"] },
    { file: data.labels, path: ["data", "labels"] },
  ];
}

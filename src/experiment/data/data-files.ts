import type { Experiment } from "../schema.ts";

/** A file that an experiment reads. */
export interface DataFile {
  /** As the experiment writes it: relative to the experiment file. */
  readonly file: string;
  /** Path in the experiment. */
  readonly path: readonly string[];
}

/** The files that the rows come from, in the order of the experiment. */
export function dataFiles({ data }: Pick<Experiment, "data">): readonly DataFile[] {
  if ("file" in data) return [{ file: data.file, path: ["data", "file"] }];
  if ("arrays" in data) return Object.entries(data.arrays).map(([name, file]) => ({ file, path: ["data", "arrays", name] }));
  return [];
}

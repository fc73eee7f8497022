import { resolve } from "node:path";

import { nearest } from "../../../experiment/suggestion.ts";
import type { Experiment } from "../../../experiment/schema.ts";
import { DataError } from "../data-error.ts";
import { arrayFile, type StoredArray } from "./array-file.ts";
import { listNpz } from "./npz.ts";

type ArrayData = Extract<Experiment["data"], { scale: string; inputs: unknown }>;

export type ArrayExperiment = Omit<Experiment, "data"> & { readonly data: ArrayData };

/** True when the experiment's data are arrays: an npz archive, or npy and idx files. */
export function hasArrays(experiment: Experiment): experiment is Experiment & ArrayExperiment {
  return "scale" in experiment.data && "inputs" in experiment.data;
}

/** An array that enters the network, as the experiment asks for it. */
export interface ArrayInput {
  readonly name: string;
  /** What three axes are. */
  readonly as: "image" | "sequence" | undefined;
  readonly scale: ArrayData["scale"];
  /** Path in the experiment that names it. */
  readonly path: readonly (string | number)[];
}

export function arrayInputs({ data }: Pick<ArrayExperiment, "data">): readonly ArrayInput[] {
  return data.inputs.map((entry, index) => {
    const path = ["data", "inputs", index];
    if (typeof entry === "string") return { name: entry, as: undefined, scale: data.scale, path };
    return { name: entry.array, as: entry.as, scale: entry.scale ?? data.scale, path: [...path, "array"] };
  });
}

/** All arrays there are, by name; none is read yet. Throws `DataError` MTL310, MTL320, MTL340 where an archive cannot be listed. */
export async function storedArrays({ data }: Pick<ArrayExperiment, "data">, baseFolder: string): Promise<ReadonlyMap<string, StoredArray>> {
  if ("file" in data) return await listNpz(resolve(baseFolder, data.file), ["data", "file"]);
  return new Map(
    Object.entries(data.arrays).map(([name, file]) => [name, arrayFile(resolve(baseFolder, file), ["data", "arrays", name], name)]),
  );
}

/** An array that the experiment names at `path`. Throws `DataError` MTL344 where there is none of that name. */
export function namedArray(
  arrays: ReadonlyMap<string, StoredArray>,
  name: string,
  path: readonly (string | number)[],
  data: ArrayData,
): StoredArray {
  const found = arrays.get(name);
  if (found !== undefined) return found.usedAt(path);
  const names = [...arrays.keys()];
  const close = nearest(name, names);
  const question = close === undefined ? "" : ` Did you mean "${close}"?`;
  const where = "file" in data ? `"${data.file}" has` : `"data.arrays" names`;
  const message = `${where} no array "${name}".${question} There are: ${names.join(", ")}.`;
  throw new DataError({ code: "MTL344", path, column: name, message });
}

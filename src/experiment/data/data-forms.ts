import type { z } from "zod";
import { datasetDataSchema, fileDataSchema, severalDataSchema } from "../schema.ts";
import { moduleDataSchema } from "../module-forms.ts";
import { textOf, valueOf, type Tree } from "../tree.ts";
import { archiveDataSchema, arraysDataSchema } from "./array-data.ts";
import { folderDataSchema } from "./image-data.ts";

/** One way to say where the rows come from, told by a key that no other has, or has for other files. */
export interface DataForm {
  readonly key: string;
  /** What the key names, for messages. */
  readonly what: string;
  readonly schema: z.ZodObject;
  /** True where it is this form of those with the key; the last of them is taken where none is. */
  readonly isMeant?: (data: Tree) => boolean;
}

/** Those that may be one of several sources. */
export const sourceForms: readonly DataForm[] = [
  { key: "file", what: "an npz archive, with `inputs`", schema: archiveDataSchema, isMeant: (data) => fileOf(data).endsWith(".npz") },
  { key: "file", what: "a table, with `inputs`", schema: fileDataSchema },
  { key: "arrays", what: "npy or idx files, with `inputs`", schema: arraysDataSchema },
  { key: "folder", what: "images, with `labels`", schema: folderDataSchema },
  { key: "dataset", what: "a data set that comes with Taskscope", schema: datasetDataSchema },
];

export const allForms: readonly DataForm[] = [
  ...sourceForms,
  { key: "module", what: "your own code", schema: moduleDataSchema },
  { key: "sources", what: "several of these, each with its `tasks`", schema: severalDataSchema },
];

/** The form that is meant among those with a key. */
export function formOf(among: readonly DataForm[], key: string, data: Tree): DataForm | undefined {
  const forms = among.filter((form) => form.key === key);
  return forms.find(({ isMeant }) => isMeant?.(data) === true) ?? forms.at(-1);
}

function fileOf(data: Tree): string {
  return textOf(valueOf(data, "file"))?.toLowerCase() ?? "";
}

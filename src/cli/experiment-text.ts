import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CommandError } from "./exit.ts";

export interface ExperimentText {
  /** As it was given. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
}

/** Reads an experiment file. Throws `CommandError` when it cannot be read. */
export async function readExperimentFile(name: string): Promise<ExperimentText> {
  const path = resolve(name);
  return { name, path, folder: dirname(path), text: await readText(name, path) };
}

async function readText(name: string, path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new CommandError(`${name} is a folder. Give an experiment file (*.mtl.yaml).`);
    // A pipe may be what a shell makes of `<(…)`.
    if (!found.isFile() && !found.isFIFO()) throw new CommandError(`${name} is a device. Give an experiment file (*.mtl.yaml).`);
    // A byte order mark is no column of the first line; editors do not count it either.
    return (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    if (!(error instanceof Error) || error instanceof CommandError) throw error;
    const missing = "code" in error && error.code === "ENOENT";
    throw new CommandError(missing ? `${name} is not there.` : `${name} cannot be read: ${error.message}`);
  }
}

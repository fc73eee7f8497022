import type { Stats } from "node:fs";
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
    const refused = whyNotRead(found, path);
    if (refused !== undefined) throw new CommandError(`${name} is ${refused}. Give an experiment file (*.mtl.yaml).`);
    return decoded(name, await readFile(path));
  } catch (error) {
    if (!(error instanceof Error) || error instanceof CommandError) throw error;
    const missing = "code" in error && error.code === "ENOENT";
    throw new CommandError(missing ? `${name} is not there.` : `${name} cannot be read: ${error.message}`);
  }
}

function whyNotRead(found: Stats, path: string): string | undefined {
  if (found.isFile()) return undefined;
  if (found.isDirectory()) return "a folder";
  if (found.isSocket()) return "a socket, which is not read";
  // What a shell makes of `<(…)` has a writer; a pipe with a name of its own may never get one.
  if (found.isFIFO()) return descriptors.test(path) ? undefined : "a pipe, which may never end, and is not read";
  return "a device, which is not read";
}

const descriptors = /^\/(dev\/(fd\/\d+|stdin)|proc\/(self|\d+)\/fd\/\d+)$/;

function decoded(name: string, content: Buffer): string {
  const [first, second] = content;
  // A mark at the beginning, or half of the first character.
  if (
    (first === 0xff && second === 0xfe) ||
    (first === 0xfe && second === 0xff) ||
    (content.length > 1 && (first === 0) !== (second === 0))
  )
    throw new CommandError(`${name} is UTF-16 text. Save it as UTF-8.`);
  try {
    // A byte order mark is no column of the first line; editors do not count it either.
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CommandError(`${name} is not UTF-8 text (it may be Latin-1 or Windows-1252). Save it as UTF-8.`);
  }
}

import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { dataFiles } from "../../experiment/data/data-files.ts";
import { hasSources, sourceExperiment, sourcesOf } from "../../experiment/data/source-experiments.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { hasFolder, readImageRows } from "./images/image-rows.ts";

/** A file that rows came from, as it was. */
interface FileState {
  /** Relative to the experiment, with slashes. */
  readonly file: string;
  readonly size: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly written: number;
  /** Of the whole content: a file that was only written anew is no other file. Null for images and what is large, whose time must do. */
  readonly sha256: string | null;
}

const recordSchema = z.strictObject({
  format: z.literal(1),
  files: z.array(z.strictObject({ file: z.string(), size: z.number(), written: z.number(), sha256: z.string().nullable() })),
});

const recordName = "data-files.json";
/** Beyond it reading a file once more takes longer than a person wants to wait for a first step. */
const hashedBytes = 256 * 2 ** 20;
/** Files that are looked at together. */
const together = 64;

/** The files that a run's rows came from, kept beside its checkpoints: who goes on from one wants to know whether the data is still the same. */
export class FileRecord {
  readonly #files: readonly FileState[];

  private constructor(files: readonly FileState[]) {
    this.#files = files;
  }

  /** Looks at the files that the experiment names. Those that are not there are not in the record: whoever reads them says so. */
  static async take(experiment: Experiment, baseFolder: string): Promise<FileRecord> {
    const named = dataFiles(experiment).map(({ file }) => file);
    return new FileRecord(await statesOf([...new Set(named)], baseFolder, true));
  }

  /** With the images and masks that the label files name. */
  async withImages(experiment: Experiment, baseFolder: string): Promise<FileRecord> {
    const images = new Set<string>();
    const parts = hasSources(experiment) ? sourcesOf(experiment).map((source) => sourceExperiment(experiment, source)) : [experiment];
    for (const part of parts) {
      if (!hasFolder(part)) continue;
      const { files, masks, labels } = await readImageRows(part, baseFolder);
      for (const each of [files, ...masks]) {
        for (let row = 0; row < labels.count; row++) if (each?.has(row) === true) images.add(each.path(row));
      }
    }
    const names = [...images].map((path) => relative(baseFolder, path).split(sep).join("/"));
    return new FileRecord([...this.#files, ...(await statesOf(names, baseFolder, false))]);
  }

  /** Writes the record into the folder of the checkpoints; that folder's own is not made. */
  write(folder: string): void {
    if (this.#files.length === 0) return;
    if (!existsSync(folder)) mkdirSync(folder);
    writeFileSync(join(folder, recordName), JSON.stringify({ format: 1, files: this.#files }));
  }

  /** The record in a folder of checkpoints; undefined where there is none. Throws what is wrong with it. */
  static read(folder: string): FileRecord | undefined {
    const path = join(folder, recordName);
    if (!existsSync(path)) return undefined;
    return new FileRecord(recordSchema.parse(JSON.parse(readFileSync(path, "utf8"))).files);
  }

  /** Files that are not as they were, in the order of the experiment. */
  async changed(baseFolder: string): Promise<readonly string[]> {
    const changed = await inSteps(this.#files, async (before): Promise<string[]> => {
      const path = resolve(baseFolder, before.file);
      const found = await look(path);
      if (found?.size === before.size && found.mtimeMs === before.written) return [];
      const same = found?.size === before.size && before.sha256 !== null && (await hashOf(path)) === before.sha256;
      return same ? [] : [before.file];
    });
    return changed.flat();
  }
}

/** Some names of a list that may be long: `a.csv, b.csv, c.csv and 17 more`. */
export function someNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

async function statesOf(files: readonly string[], baseFolder: string, hashed: boolean): Promise<readonly FileState[]> {
  const states = await inSteps(files, async (file): Promise<FileState[]> => {
    const path = resolve(baseFolder, file);
    const found = await look(path);
    if (found === undefined) return [];
    const sha256 = hashed && found.size <= hashedBytes ? await hashOf(path) : null;
    return [{ file, size: found.size, written: found.mtimeMs, sha256 }];
  });
  return states.flat();
}

/** Undefined where there is no ordinary file. */
async function look(path: string): Promise<{ readonly size: number; readonly mtimeMs: number } | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found : undefined;
  } catch {
    // Whatever the reason, the file cannot be read; who reads it tells why.
    return undefined;
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}

async function inSteps<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += together) {
    results.push(...(await Promise.all(items.slice(start, start + together).map(work))));
  }
  return results;
}

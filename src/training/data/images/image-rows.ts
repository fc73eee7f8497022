import { stat } from "node:fs/promises";
import { isAbsolute, join, posix, resolve, win32 } from "node:path";

import type { Experiment } from "../../../experiment/schema.ts";
import { nearest } from "../../../experiment/suggestion.ts";
import { DataError } from "../data-error.ts";
import { labelColumns, type LabelColumns } from "../labels/label-columns.ts";
import type { LabelledTask, LabelRows } from "../labels/label-rows.ts";
import { listIn } from "../tables/list-cells.ts";
import { openTable } from "../tables/open-table.ts";
import type { TableReader } from "../tables/table-reader.ts";
import type { ImageFiles } from "./image-store.ts";

type FolderData = Extract<Experiment["data"], { folder: string }>;

export type FolderExperiment = Omit<Experiment, "data"> & { readonly data: FolderData };

/** True when the experiment's data is a folder of images. */
export function hasFolder(experiment: Experiment): experiment is Experiment & FolderExperiment {
  return "folder" in experiment.data;
}

/** A row of the label file an image, with its labels in memory. */
export interface ImageRows {
  readonly files: ImageFiles;
  /** Masks of each segmentation, one a task and `undefined` for other tasks. */
  readonly masks: readonly (ImageFiles | undefined)[];
  readonly labels: LabelRows;
  /** Columns of the label file. */
  readonly columns: readonly string[];
}

type Cell = string | number | null;

const labelPath = ["data", "labels"] as const;
const columnPath = ["data", "image", "column"] as const;

/**
 * Reads the label file: of every row the name of its image, the names of its masks, and its labels. No image is looked at.
 * Throws `DataError` MTL301 (no such column), MTL360 (a row without an image, or with a file outside of the folder), MTL366 (masks without
 * classes), and those of tables.
 */
export async function readImageRows(experiment: FolderExperiment, baseFolder: string): Promise<ImageRows> {
  const { data } = experiment;
  const tasks = Object.keys(experiment.tasks).map((id) => labelColumns(experiment, id));
  const wanted = [...new Set([data.image.column, ...tasks.flatMap(({ settings }) => settings.columns)])];
  try {
    const reader = await openTable(resolve(baseFolder, data.labels));
    if (reader.allColumnsKnown) requireColumns(reader, data, tasks);
    const { places, cells } = await readCells(reader, wanted);
    requireColumns(reader, data, tasks);
    const place = (row: number): string => `${reader.rowWord} ${places[row] ?? 0}`;
    const number = (row: number): number => places[row] ?? 0;
    const cellsOf = (name: string): readonly Cell[] => cells.get(name) ?? [];
    const filesIn = (column: string, at: ImageFiles["at"], what: ImageFiles["what"]): ImageFiles => {
      const names = cellsOf(column);
      const folder = resolve(baseFolder, data.folder);
      const files: ImageFiles = {
        what,
        at,
        column,
        has: (row) => (names[row] ?? null) !== null,
        path: (row) => join(folder, String(names[row])),
        place: (row) => `"${String(names[row])}" (${place(row)} of "${reader.file}")`,
        number,
      };
      names.forEach((name, row) => requireInside(name, files, row, data.folder, `${place(row)} of "${reader.file}"`));
      return files;
    };
    const files = filesIn(data.image.column, columnPath, "image");
    const masks = tasks.map(({ settings, paths }) =>
      settings.kind === "segmentation"
        ? filesIn(settings.columns[0] ?? settings.id, paths[0] ?? ["tasks", settings.id], "mask")
        : undefined,
    );
    const labelled = tasks.map((task): LabelledTask => {
      const columns = task.settings.columns.map(cellsOf);
      const known = task.settings.kind === "segmentation" ? { known: maskTargets(task, data) } : {};
      return { ...task, ...known, cells: (row) => columns.map((column) => listIn(column[row] ?? null)) };
    });
    const count = cellsOf(data.image.column).length;
    return { columns: reader.columns.map(({ name }) => name), files, masks, labels: { count, tasks: labelled, place, number } };
  } catch (error) {
    throw error instanceof DataError ? ofLabels(error) : error;
  }
}

/** Rows whose files are looked for at a time. */
const stepRows = 64;

/** Throws `DataError` MTL360 for the first of the rows whose image or mask is not there. */
export async function requireImages(files: ImageFiles, rows: Uint32Array): Promise<void> {
  for (let start = 0; start < rows.length; start += stepRows) {
    const step = [...rows.subarray(start, start + stepRows)].filter((row) => files.has(row));
    const reasons = await Promise.all(step.map(async (row) => await whyNoFile(files.path(row))));
    const at = reasons.findIndex((each) => each !== undefined);
    const missing = step[at];
    if (missing === undefined) continue;
    throw new DataError({
      code: "MTL360",
      path: files.at,
      column: files.column,
      row: files.number(missing),
      message: `There is no ${files.what} ${files.place(missing)}: ${reasons[at] ?? ""} Correct the name, or take the row out.`,
    });
  }
}

/** Undefined for a file. */
async function whyNoFile(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isFile() ? undefined : `no file "${path}".`;
  } catch (error) {
    if (!isOfSystem(error)) throw error;
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return `no file "${path}".`;
    return error.code === "ELOOP" ? `"${path}" is a link that leads in a circle.` : `"${path}" cannot be read: ${error.message}.`;
  }
}

/** Such as a link to itself, a name too long, a folder that may not be entered. */
export function isOfSystem(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code);
}

/** Masks are decoded when their turn comes, so nobody knows their classes before but the experiment. */
function maskTargets({ settings, paths }: LabelColumns, { image }: FolderData): NonNullable<LabelledTask["known"]> {
  const { id, kind, classes } = settings;
  if (classes !== undefined) return { id, kind, classes, shape: image.size, numbers: [] };
  throw new DataError({
    code: "MTL366",
    path: paths[0] ?? ["tasks", id],
    message: `The masks of task "${id}" are read when their turn comes. Name their classes in the order of their numbers, e.g. "classes: [background, leaf]".`,
  });
}

async function readCells(
  reader: TableReader,
  wanted: readonly string[],
): Promise<{ readonly places: readonly number[]; readonly cells: ReadonlyMap<string, readonly Cell[]> }> {
  const places: number[] = [];
  const cells = new Map<string, Cell[]>(wanted.map((name) => [name, []]));
  for await (const chunk of reader.chunks(wanted)) {
    for (const place of chunk.places) places.push(place);
    chunk.columns.forEach(({ values }, index) => {
      const column = cells.get(wanted[index] ?? "");
      for (const value of values) column?.push(value);
    });
  }
  return { places, cells };
}

function requireColumns(reader: TableReader, data: FolderData, tasks: readonly LabelColumns[]): void {
  const names = reader.columns.map(({ name }) => name);
  const used = [
    { name: data.image.column, path: columnPath },
    ...tasks.flatMap(({ settings, paths }) => settings.columns.map((name, i) => ({ name, path: paths[i] ?? ["tasks", settings.id] }))),
  ];
  for (const { name, path } of used) {
    if (names.includes(name)) continue;
    const close = nearest(name, names);
    const question = close === undefined ? "" : ` Did you mean "${close}"?`;
    const message = `"${reader.file}" has no column "${name}".${question} Its columns are: ${names.join(", ")}.`;
    throw new DataError({ code: "MTL301", path, column: name, message });
  }
}

/** Whoever writes the label file does not get to name any file of this computer, or of another. */
function requireInside(name: Cell, files: ImageFiles, row: number, folder: string, place: string): void {
  const { what, at: path, column } = files;
  const refuse = (message: string): DataError => new DataError({ code: "MTL360", path, column, row: files.number(row), message });
  if (name === null) {
    // A mask is a label, which may be missing.
    if (what === "mask") return;
    throw refuse(`There is no image in ${place}: column "${column}" is empty. Name one, or take the row out.`);
  }
  const text = String(name);
  const leaves = posix.isAbsolute(text) || win32.isAbsolute(text) || isAbsolute(text) || text.split(/[\\/]/).includes("..");
  if (leaves) throw refuse(`The ${what} "${text}" in ${place} is not inside of "${folder}". Names are relative to that folder.`);
}

/** What the table reader says of `data.file` is meant of the label file. */
function ofLabels(error: DataError): DataError {
  if (error.path[1] !== "file") return error;
  const { code, message, row, column } = error;
  return new DataError({
    code,
    message,
    path: labelPath,
    ...(row === undefined ? {} : { row }),
    ...(column === undefined ? {} : { column }),
  });
}

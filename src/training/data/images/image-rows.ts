import { stat } from "node:fs/promises";
import { isAbsolute, join, posix, resolve, win32 } from "node:path";

import type { Experiment } from "../../../experiment/schema.ts";
import { nearest } from "../../../experiment/suggestion.ts";
import { DataError } from "../data-error.ts";
import { labelColumns } from "../labels/label-columns.ts";
import type { LabelRows } from "../labels/label-rows.ts";
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
  readonly labels: LabelRows;
  /** Columns of the label file. */
  readonly columns: readonly string[];
}

type Cell = string | number | null;

const labelPath = ["data", "labels"] as const;
const columnPath = ["data", "image", "column"] as const;

/**
 * Reads the label file: of every row the name of its image and its labels. No image is looked at.
 * Throws `DataError` MTL301 (no such column), MTL360 (a row without an image, or with one outside of the folder), and those of tables.
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
    const cellsOf = (name: string): readonly Cell[] => cells.get(name) ?? [];
    const names = cellsOf(data.image.column);
    const folder = resolve(baseFolder, data.folder);
    names.forEach((name, row) => requireInside(name, data, `${place(row)} of "${reader.file}"`, places[row] ?? 0));
    return {
      columns: reader.columns.map(({ name }) => name),
      files: {
        count: names.length,
        column: data.image.column,
        path: (row) => join(folder, String(names[row])),
        place: (row) => `"${String(names[row])}" (${place(row)} of "${reader.file}")`,
        number: (row) => places[row] ?? 0,
      },
      labels: {
        count: names.length,
        tasks: tasks.map((task) => {
          const columns = task.settings.columns.map(cellsOf);
          return { ...task, cells: (row) => columns.map((column) => column[row] ?? null) };
        }),
        place,
        number: (row) => places[row] ?? 0,
      },
    };
  } catch (error) {
    throw error instanceof DataError ? ofLabels(error) : error;
  }
}

/** Rows whose images are looked for at a time. */
const stepRows = 64;

/** Throws `DataError` MTL360 for the first of the rows whose image is not there. */
export async function requireImages(files: ImageFiles, rows: Uint32Array): Promise<void> {
  for (let start = 0; start < rows.length; start += stepRows) {
    const step = [...rows.subarray(start, start + stepRows)];
    const found = await Promise.all(step.map(async (row) => await isFile(files.path(row))));
    const missing = step[found.indexOf(false)];
    if (missing === undefined) continue;
    throw new DataError({
      code: "MTL360",
      path: columnPath,
      column: files.column,
      row: files.number(missing),
      message: `There is no image ${files.place(missing)}: no file "${files.path(missing)}". Correct the name, or take the row out.`,
    });
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return false;
    throw error;
  }
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

function requireColumns(reader: TableReader, data: FolderData, tasks: readonly ReturnType<typeof labelColumns>[]): void {
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
function requireInside(name: Cell | undefined, { image, folder }: FolderData, place: string, row: number): void {
  const refuse = (message: string): DataError => new DataError({ code: "MTL360", path: columnPath, column: image.column, row, message });
  if (name === null || name === undefined)
    throw refuse(`There is no image in ${place}: column "${image.column}" is empty. Name one, or take the row out.`);
  const text = String(name);
  const leaves = posix.isAbsolute(text) || win32.isAbsolute(text) || isAbsolute(text) || text.split(/[\\/]/).includes("..");
  if (leaves) throw refuse(`The image "${text}" in ${place} is not inside of "${folder}". Names are relative to that folder.`);
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

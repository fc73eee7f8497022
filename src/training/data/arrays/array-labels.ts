import { labelColumns, type LabelColumns } from "../labels/label-columns.ts";
import type { LabelCell } from "../labels/label.ts";
import type { LabelledTask, LabelRows } from "../labels/label-rows.ts";
import { elementsOf, type LoadedArray } from "./array-body.ts";
import { namedArray, type ArrayExperiment } from "./array-experiment.ts";
import type { StoredArray } from "./array-file.ts";

/** What the experiment says of every task's labels, each column the name of an array. */
export function labelTasks(experiment: ArrayExperiment): readonly LabelColumns[] {
  return Object.keys(experiment.tasks).map((id) => labelColumns(experiment, id));
}

/**
 * Reads the labels of all tasks: a value a row, or a list of what lies along further axes. `memory` is the most that they may take together.
 * Throws `DataError` MTL344 (no such array), and what reading throws.
 */
export async function readLabels(
  arrays: ReadonlyMap<string, StoredArray>,
  experiment: ArrayExperiment,
  rows: number,
  memory: number,
): Promise<LabelRows> {
  let left = memory;
  const loaded = new Map<string, LoadedArray>();
  const tasks: LabelledTask[] = [];
  for (const { settings, paths } of labelTasks(experiment)) {
    const columns: LoadedArray[] = [];
    for (const [position, name] of settings.columns.entries()) {
      const stored = namedArray(arrays, name, paths[position] ?? ["tasks", settings.id], experiment.data);
      const array = loaded.get(name) ?? (await stored.read(left));
      if (!loaded.has(name)) left -= array.kind === "number" ? array.values.byteLength : 0;
      loaded.set(name, array);
      columns.push(array);
    }
    const shape = columns[0]?.shape.slice(1);
    tasks.push({ settings: { ...settings, ...(shape === undefined ? {} : { shape }) }, paths, cells: cellsOf(columns) });
  }
  return { count: rows, tasks, place: (row) => `row ${row} (counted from 0)`, number: (row) => row + 1 };
}

function cellsOf(columns: readonly LoadedArray[]): (row: number) => readonly LabelCell[] {
  const readers = columns.map(cellReader);
  return (row) => readers.map((read) => read(row));
}

/** A single value along the further axes is a value, not a list of one. */
function cellReader(array: LoadedArray): (row: number) => LabelCell {
  const width = elementsOf({ shape: array.shape.slice(1) });
  if (array.kind === "text") {
    const { values } = array;
    return width === 1 ? (row) => textCell(values[row]) : (row) => values.slice(row * width, (row + 1) * width);
  }
  const { values } = array;
  return width === 1 ? (row) => values[row] ?? null : (row) => values.subarray(row * width, (row + 1) * width);
}

function textCell(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
}

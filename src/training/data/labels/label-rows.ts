import type { Split } from "../../../experiment/record.ts";
import { DataError, type DataProblem } from "../data-error.ts";
import type { TaskTargets } from "../dataset.ts";
import { splitRows, type SplitShares } from "../split.ts";
import { isMissing, LabelFault, type LabelCell, type LabelRemark } from "./label.ts";
import { faultProblem, type LabelColumns } from "./label-columns.ts";
import { fitLabels, labelEncoder } from "./labels.ts";

const splits = ["train", "validation", "test"] as const;

/** Rows with labels in memory, wherever these come from. */
export interface LabelRows {
  readonly count: number;
  readonly tasks: readonly LabelledTask[];
  /** What a person calls a row: `line 17`, `index 3`. */
  place(row: number): string;
  /** The row's number in messages for machines, counted from 1. */
  number(row: number): number;
}

export interface LabelledTask extends LabelColumns {
  /** What a row has in the task's label columns. */
  readonly cells: (row: number) => readonly LabelCell[];
  /** What the targets are, where that is known without a look at the rows; then the cells only tell whether there is a label. */
  readonly known?: TaskTargets;
}

export interface FittedRows {
  /** Rows of each split. */
  readonly parts: Readonly<Record<Split, Uint32Array>>;
  readonly tasks: readonly FittedTaskRows[];
}

export interface FittedTaskRows extends LabelledTask {
  readonly targets: TaskTargets;
  readonly remarks: readonly LabelRemark[];
}

/** Targets of some rows, and which of them have one. */
export interface EncodedLabels {
  readonly values: Float32Array;
  readonly present: Uint8Array;
}

/**
 * Splits the rows that have a label for any task, and fits each task's targets on the training rows alone. Every label is looked at, so
 * that none fails later. Throws the first `DataError` that is found: MTL319 for too few rows, and those of the labels.
 */
export function fitRows(rows: LabelRows, shares: SplitShares): FittedRows {
  const labelled = Uint32Array.from({ length: rows.count }, (_, row) => row).filter((row) =>
    rows.tasks.some(({ cells }) => cells(row).some((cell) => !isMissing(cell))),
  );
  const positions = splitRows(labelled.length, shares, "rows with a label");
  const rowsAt = (split: Split): Uint32Array => positions[split].map((position) => labelled[position] ?? 0);
  const parts = { train: rowsAt("train"), validation: rowsAt("validation"), test: rowsAt("test") };
  return { parts, tasks: rows.tasks.map((task) => fitTask(task, parts, rows)) };
}

/** Encodes the labels of rows one batch after another. */
export function rowEncoder(task: FittedTaskRows): (rows: Uint32Array) => EncodedLabels {
  const encoder = labelEncoder(task.targets, task.settings);
  return (rows) => {
    const values = new Float32Array(rows.length * encoder.size);
    const present = new Uint8Array(rows.length);
    rows.forEach((row, position) => {
      present[position] = encoder.encode(task.cells(row), values, position * encoder.size) ? 1 : 0;
    });
    return { values, present };
  };
}

/** What does not keep the rows from being trained on, but would be missed in what comes of it. */
export function rowWarnings({ tasks, parts }: FittedRows): DataProblem[] {
  return tasks.flatMap(({ settings, paths, cells, remarks }) => {
    const about = (position: number): Pick<DataProblem, "path" | "column"> => ({
      path: paths[position] ?? ["tasks", settings.id],
      column: settings.columns[position] ?? settings.id,
    });
    const unmeasured = (["validation", "test"] as const)
      .filter((split) => parts[split].every((row) => cells(row).every(isMissing)))
      .map((split): DataProblem => ({
        code: "MTL322",
        ...about(0),
        message: `Task "${settings.id}" has no label in any of the ${parts[split].length} ${split} rows, so it gets no ${split} metrics. Add labels, or change split.seed.`,
      }));
    return [...unmeasured, ...remarks.map(({ code, message, column }): DataProblem => ({ code, message, ...about(column) }))];
  });
}

/** A task must have labels to learn from, and no label elsewhere that it cannot have learned. */
function fitTask(task: LabelledTask, parts: FittedRows["parts"], rows: LabelRows): FittedTaskRows {
  if (task.known !== undefined) return { ...task, targets: task.known, remarks: [] };
  let at: { readonly row: number; readonly split: Split } | undefined;
  try {
    const fit = fitLabels(task.settings);
    for (const row of parts.train) {
      at = { row, split: "train" };
      fit.add(task.cells(row));
    }
    at = undefined;
    const { targets, remarks } = fit.finish();
    const encoder = labelEncoder(targets, task.settings);
    const values = new Float32Array(encoder.size);
    for (const split of splits) {
      for (const row of parts[split]) {
        at = { row, split };
        encoder.encode(task.cells(row), values, 0);
      }
    }
    return { ...task, targets, remarks };
  } catch (error) {
    if (!(error instanceof LabelFault)) throw error;
    const where = at === undefined ? { place: "" } : { place: rows.place(at.row), split: at.split, row: rows.number(at.row) };
    throw new DataError(faultProblem(task, error, where));
  }
}

import type { Split } from "../../experiment/record.ts";
import { categoryOf, type Column } from "./column.ts";
import { DataError, type DataProblem } from "./data-error.ts";
import type { Dataset, RowSource, TaskTargets } from "./dataset.ts";
import { MemorySource } from "./memory-source.ts";
import { encodeInputs, featureNames, fitInput, type Encoding } from "./inputs.ts";
import { splitRows } from "./split.ts";
import { encodeTargets, fitTargets } from "./targets.ts";
import type { Table } from "./table.ts";
import { labelColumn, mostValues, tableProblems, type TableExperiment } from "./table-problems.ts";

const splits = ["train", "validation", "test"] as const;

/** A table fitted to an experiment, before its values are computed. */
export interface FittedTable {
  readonly inputNames: readonly string[];
  readonly encodings: readonly Encoding[];
  readonly tasks: readonly { readonly targets: TaskTargets; readonly column: Column }[];
  /** Rows of the table in each split. */
  readonly parts: Readonly<Record<Split, Uint32Array>>;
}

/**
 * Fits a table to an experiment: rows left out where the experiment says so, the rest split by the split's own seed, inputs and
 * targets fitted on the training rows alone. Rows without a label for any task are left out, for nothing can be learned of them.
 * Throws the first `DataError` that is found.
 */
export function fitTable(table: Table, experiment: TableExperiment): FittedTable {
  const [problem] = tableProblems(table, experiment);
  if (problem !== undefined) throw new DataError(problem);
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const column = (name: string): Column => {
    const found = columns.get(name);
    if (found === undefined) throw new TypeError(`The check of the table let the missing column "${name}" pass.`);
    return found;
  };
  const inputs = experiment.data.inputs.map(column);
  const labels = Object.entries(experiment.tasks).map(([id, { kind }]) => ({ id, kind, column: column(labelColumn(experiment, id).name) }));

  const labelColumns = labels.map((label) => label.column);
  const usable = usableRows(table, inputs, labelColumns, experiment.data.missing);
  const parts = splitUsable(usable, experiment.data.split);
  const encodings = inputs.map((input) => fitInput(input, parts.train));
  const inputNames = encodings.flatMap(featureNames);
  requireRoom(usable.length, inputNames.length);
  const tasks = labels.map(({ id, kind, column: labelled }) => {
    const targets = fitTargets(id, kind, labelled, parts.train);
    requireLearnable(targets, labelled, parts, experiment, table);
    return { targets, column: labelled };
  });
  return { inputNames, encodings, tasks, parts };
}

/** The data set of a fitted table. */
export function encodeTable({ inputNames, encodings, tasks, parts }: FittedTable): Dataset {
  const rowsOf = (split: Split): RowSource => {
    const encoded = tasks.map(({ targets, column }) => encodeTargets(targets, column, parts[split]));
    return new MemorySource({
      rows: parts[split].length,
      inputs: [encodeInputs(encodings, parts[split])],
      targets: encoded.map(({ values }) => values),
      present: encoded.map(({ present }) => present),
    });
  };
  return {
    inputs: [{ name: "table", shape: [inputNames.length], features: inputNames }],
    tasks: tasks.map(({ targets }) => targets),
    splits: { train: rowsOf("train"), validation: rowsOf("validation"), test: rowsOf("test") },
  };
}

/** What does not keep a fitted table from being trained on, but would be missed in what comes of it. */
export function tableWarnings({ tasks, parts }: FittedTable, experiment: TableExperiment): DataProblem[] {
  return tasks.flatMap(({ targets, column }) => {
    const { path } = labelColumn(experiment, targets.id);
    const labels = (split: Split): string[] => [...parts[split]].map((row) => column.cells[row] ?? null).filter((cell) => cell !== null);
    const unmeasured = (["validation", "test"] as const)
      .filter((split) => labels(split).length === 0)
      .map((split): DataProblem => ({
        code: "MTL322",
        path,
        column: column.name,
        message: `Task "${targets.id}" has no label in any of the ${parts[split].length} ${split} rows, so it gets no ${split} metrics. Add labels, or change split.seed.`,
      }));
    if (targets.kind === "classification" || new Set(labels("train").map(Number)).size > 1) return unmeasured;
    const message = `Task "${targets.id}" has the same label in every training row of column "${column.name}": there is nothing to learn, and r2 has no value. Choose another column, or remove the task.`;
    return [...unmeasured, { code: "MTL323", path, column: column.name, message }];
  });
}

function usableRows(table: Table, inputs: readonly Column[], labels: readonly Column[], missing: "mean" | "drop" | "error"): Uint32Array {
  const has = (column: Column, row: number): boolean => (column.cells[row] ?? null) !== null;
  const rows = Uint32Array.from({ length: table.rows }, (_, row) => row);
  return rows.filter(
    (row) => labels.some((column) => has(column, row)) && (missing !== "drop" || inputs.every((column) => has(column, row))),
  );
}

function splitUsable(usable: Uint32Array, shares: Parameters<typeof splitRows>[1]): Readonly<Record<Split, Uint32Array>> {
  const parts = splitRows(usable.length, shares, "usable rows");
  const tableRows = (positions: Uint32Array): Uint32Array => positions.map((position) => usable[position] ?? 0);
  return { train: tableRows(parts.train), validation: tableRows(parts.validation), test: tableRows(parts.test) };
}

function requireRoom(rows: number, features: number): void {
  if (rows * features <= mostValues) return;
  throw new DataError({
    code: "MTL313",
    path: ["data", "inputs"],
    message:
      `${rows.toLocaleString("en")} rows with ${features.toLocaleString("en")} input features are more than fit in memory ` +
      `(${mostValues.toLocaleString("en")} values). Use fewer inputs or rows.`,
  });
}

/** A task must have labels to learn from, and no label elsewhere that it cannot have learned. */
function requireLearnable(
  targets: TaskTargets,
  column: Column,
  parts: Readonly<Record<Split, Uint32Array>>,
  experiment: TableExperiment,
  table: Table,
): void {
  const { path } = labelColumn(experiment, targets.id);
  if (!parts.train.some((row) => (column.cells[row] ?? null) !== null)) {
    throw new DataError({
      code: "MTL317",
      path,
      column: column.name,
      message: `Task "${targets.id}" has no label in any of the ${parts.train.length} training rows. Change split.seed, or add labels.`,
    });
  }
  if (targets.kind !== "classification") return;
  const known = new Set(targets.classes);
  for (const split of splits) {
    for (const row of parts[split]) {
      const cell = column.cells[row] ?? null;
      if (cell === null) continue;
      const label = categoryOf(cell, column.type);
      if (known.has(label)) continue;
      throw new DataError({
        code: "MTL318",
        path,
        column: column.name,
        row: table.number(row),
        message:
          `Class "${label}" of task "${targets.id}" is in the ${split} rows (${table.place(row)}) but in no training row. ` +
          `It is too rare to be learned: correct or remove such rows, or change split.seed.`,
      });
    }
  }
}

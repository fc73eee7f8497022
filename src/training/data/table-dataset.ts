import { namedInputs } from "../../experiment/data/named-inputs.ts";
import type { Split } from "../../experiment/record.ts";
import type { Column } from "./column.ts";
import { DataError, type DataProblem } from "./data-error.ts";
import type { Dataset, InputSpec, RowSource, TaskTargets } from "./dataset.ts";
import { MemorySource } from "./memory-source.ts";
import { encodeInputs, featureNames, fitInput, type Encoding } from "./inputs.ts";
import { splitRows } from "./split.ts";
import { LabelFault, type LabelRemark } from "./labels/label.ts";
import { faultProblem, labelColumns, type LabelColumns } from "./labels/label-columns.ts";
import { fitLabels, labelEncoder } from "./labels/labels.ts";
import type { Table } from "./table.ts";
import { labelCells, mostValues, tableProblems, type TableExperiment } from "./table-problems.ts";

const splits = ["train", "validation", "test"] as const;

/** A table fitted to an experiment, before its values are computed. */
export interface FittedTable {
  readonly inputs: readonly FittedInput[];
  readonly tasks: readonly FittedTask[];
  /** Rows of the table in each split. */
  readonly parts: Readonly<Record<Split, Uint32Array>>;
}

/** One input of the network, with the encoding of each of its columns. */
export interface FittedInput {
  readonly name: string;
  readonly encodings: readonly Encoding[];
  readonly features: readonly string[];
}

export interface FittedTask extends LabelColumns {
  readonly columns: readonly Column[];
  readonly targets: TaskTargets;
  readonly remarks: readonly LabelRemark[];
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
  const inputs = namedInputs<string>(experiment.data.inputs).map(({ name, entries }) => ({
    name,
    columns: entries.map(({ entry }) => column(entry)),
  }));
  const labels = Object.keys(experiment.tasks).map((id) => {
    const named = labelColumns(experiment, id);
    return { named, columns: named.settings.columns.map(column) };
  });
  const usable = usableRows(
    table,
    inputs.flatMap(({ columns: each }) => each),
    labels.flatMap((label) => label.columns),
    experiment.data.missing,
  );
  const parts = splitUsable(usable, experiment.data.split);
  const fitted = inputs.map(({ name, columns: each }): FittedInput => {
    const encodings = each.map((input) => fitInput(input, parts.train));
    return { name, encodings, features: encodings.flatMap(featureNames) };
  });
  requireRoom(
    usable.length,
    fitted.reduce((sum, { features }) => sum + features.length, 0),
  );
  const tasks = labels.map(({ named, columns: labelled }) => fitTask(named, labelled, parts, table));
  return { inputs: fitted, tasks, parts };
}

/** The data set of a fitted table. */
export function encodeTable({ inputs, tasks, parts }: FittedTable): Dataset {
  const rowsOf = (split: Split): RowSource => {
    const encoded = tasks.map((task) => encodeLabels(task, parts[split]));
    return new MemorySource({
      rows: parts[split].length,
      inputs: inputs.map(({ encodings }) => encodeInputs(encodings, parts[split])),
      targets: encoded.map(({ values }) => values),
      present: encoded.map(({ present }) => present),
    });
  };
  return {
    inputs: inputs.map(inputSpec),
    tasks: tasks.map(({ targets }) => targets),
    splits: { train: rowsOf("train"), validation: rowsOf("validation"), test: rowsOf("test") },
  };
}

export function inputSpec({ name, features }: FittedInput): InputSpec {
  return { name, shape: [features.length], features };
}

/** What does not keep a fitted table from being trained on, but would be missed in what comes of it. */
export function tableWarnings({ tasks, parts }: FittedTable): DataProblem[] {
  return tasks.flatMap(({ settings, paths, columns, remarks }) => {
    const [path = ["tasks", settings.id]] = paths;
    const [column = settings.id] = settings.columns;
    const unmeasured = (["validation", "test"] as const)
      .filter((split) => parts[split].every((row) => labelCells(columns, row).every((cell) => cell === null)))
      .map((split): DataProblem => ({
        code: "MTL322",
        path,
        column,
        message: `Task "${settings.id}" has no label in any of the ${parts[split].length} ${split} rows, so it gets no ${split} metrics. Add labels, or change split.seed.`,
      }));
    const remarked = remarks.map(({ code, message, column: position }): DataProblem => ({
      code,
      path: paths[position] ?? path,
      column: settings.columns[position] ?? column,
      message,
    }));
    return [...unmeasured, ...remarked];
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
function fitTask(named: LabelColumns, columns: readonly Column[], parts: Readonly<Record<Split, Uint32Array>>, table: Table): FittedTask {
  let at: { readonly row: number; readonly split: Split } | undefined;
  try {
    const fit = fitLabels(named.settings);
    for (const row of parts.train) {
      at = { row, split: "train" };
      fit.add(labelCells(columns, row));
    }
    at = undefined;
    const { targets, remarks } = fit.finish();
    const encoder = labelEncoder(targets, named.settings);
    const values = new Float32Array(encoder.size);
    for (const split of splits) {
      for (const row of parts[split]) {
        at = { row, split };
        encoder.encode(labelCells(columns, row), values, 0);
      }
    }
    return { ...named, columns, targets, remarks };
  } catch (error) {
    if (!(error instanceof LabelFault)) throw error;
    const where = at === undefined ? { place: "" } : { place: table.place(at.row), split: at.split, row: table.number(at.row) };
    throw new DataError(faultProblem(named, error, where));
  }
}

/** Targets of some rows, and which of them have one. */
function encodeLabels(
  { settings, columns, targets }: FittedTask,
  rows: Uint32Array,
): { readonly values: Float32Array; readonly present: Uint8Array } {
  const encoder = labelEncoder(targets, settings);
  const values = new Float32Array(rows.length * encoder.size);
  const present = new Uint8Array(rows.length);
  rows.forEach((row, position) => {
    present[position] = encoder.encode(labelCells(columns, row), values, position * encoder.size) ? 1 : 0;
  });
  return { values, present };
}

import { namedInputs, type InputEntry } from "../../experiment/data/named-inputs.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { nearest } from "../../experiment/suggestion.ts";
import { numberOf, type Column } from "./column.ts";
import type { DataProblem } from "./data-error.ts";
import { LabelFault } from "./labels/label.ts";
import { faultProblem, labelColumns, type LabelColumns } from "./labels/label-columns.ts";
import { fitLabels } from "./labels/labels.ts";
import type { Table } from "./table.ts";

/** Most categories of one text input; more are nearly always an identifier. */
export const mostCategories = 1000;

/** Most input values that are held in memory (512 MiB). */
export const mostValues = 2 ** 27;

export type TableExperiment = Omit<Experiment, "data"> & { readonly data: Extract<Experiment["data"], { file: string; missing: string }> };

/** True when the experiment's data is a table file. */
export function hasTable(experiment: Experiment): experiment is Experiment & TableExperiment {
  return "file" in experiment.data && "missing" in experiment.data;
}

/** The columns that enter the network, of all inputs; a column of two inputs once. */
function inputColumns({ data }: TableExperiment): readonly InputEntry<string>[] {
  const all = namedInputs<string>(data.inputs).flatMap(({ entries }) => entries);
  return all.filter(({ entry }, index) => all.findIndex((each) => each.entry === entry) === index);
}

/** Everything in a table that keeps it from being used as the experiment asks, as far as it shows before the rows are split. */
export function tableProblems(table: Table, experiment: TableExperiment): DataProblem[] {
  if (table.rows < fewestRows) return [tooFewRows(table)];
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const inputs = inputColumns(experiment).flatMap(({ entry: name, path: below }) => {
    const path = ["data", "inputs", ...below];
    const column = columns.get(name);
    if (column === undefined) return [missingColumn(name, path, table)];
    return inputProblems(column, path, table, experiment.data.missing);
  });
  const labels = Object.keys(experiment.tasks).flatMap((id) => {
    const named = labelColumns(experiment, id);
    const found = named.settings.columns.map((name) => columns.get(name));
    const problems = found.flatMap((column, position): DataProblem[] => {
      const name = named.settings.columns[position] ?? "";
      const path = named.paths[position] ?? ["tasks", id];
      if (column === undefined) return [missingColumn(name, path, table)];
      return column.type === "empty" ? [emptyLabels(id, name, path)] : [];
    });
    return problems.length > 0
      ? problems
      : labelProblems(
          named,
          found.filter((column) => column !== undefined),
          table,
        );
  });
  // A table read with the wrong separator lacks every column for the same reason.
  const wrong = [...inputs, ...labels].find(({ code }) => code === "MTL311");
  return wrong === undefined ? [...inputs, ...labels] : [wrong];
}

/** One for each of training, validation and test. */
const fewestRows = 3;

function tooFewRows({ file, rows }: Table): DataProblem {
  const message = `"${file}" has ${rows === 1 ? "1 row, which is" : `${rows} rows, which are`} too few: training, validation and test each need some. Add at least ten rows.`;
  return { code: "MTL319", path: ["data", "file"], message };
}

function missingColumn(name: string, path: DataProblem["path"], table: Table): DataProblem {
  const names = table.columns.map((column) => column.name);
  const separator = separatorIn(names);
  if (separator !== undefined) return otherSeparator(table, names[0] ?? "", separator);
  const close = nearest(name, names);
  const question = close === undefined ? "" : ` Did you mean "${close}"?`;
  return {
    code: "MTL301",
    path,
    column: name,
    message: `"${table.file}" has no column "${name}".${question} Its columns are: ${names.join(", ")}.`,
  };
}

/** What seems to separate the cells of a table that was read as one column. */
function separatorIn(names: readonly string[]): string | undefined {
  const [only = ""] = names;
  return names.length === 1 ? [";", "\t", "|", ","].find((separator) => only.includes(separator)) : undefined;
}

function otherSeparator(table: Table, header: string, separator: string): DataProblem {
  const name = separator === "\t" ? "tabs" : `"${separator}"`;
  const [used, better] = table.file.toLowerCase().endsWith(".tsv") ? ["tabs", "commas, with the ending .csv"] : ["commas", "commas"];
  return {
    code: "MTL311",
    path: ["data", "file"],
    message:
      `"${table.file}" seems to separate its cells by ${name}, but ${used} are expected: its header is the one column "${header.slice(0, 60)}". ` +
      `Save it with ${separator === "\t" && used === "commas" ? "the ending .tsv" : better}.`,
  };
}

function inputProblems(column: Column, path: DataProblem["path"], table: Table, missing: "mean" | "drop" | "error"): DataProblem[] {
  const { name, cells, type } = column;
  if (type === "empty") {
    return [{ code: "MTL306", path, column: name, message: `Column "${name}" has no value in any row. Remove it from the inputs.` }];
  }
  const problems: DataProblem[] = [];
  const absent = cells.indexOf(null);
  if (missing === "error" && absent >= 0) {
    const count = cells.filter((cell) => cell === null).length;
    problems.push({
      code: "MTL307",
      path,
      column: name,
      row: table.number(absent),
      message:
        `Input "${name}" is missing in ${count} of ${table.rows} rows, first in ${table.place(absent)}. ` +
        `Set "missing: mean" to fill in the training mean, or "missing: drop" to leave such rows out.`,
    });
  }
  if (type === "text") problems.push(...textProblems(column, path, table));
  if (type === "number") problems.push(...hugeNumbers(column, path, table));
  return problems;
}

function textProblems({ name, cells }: Column, path: DataProblem["path"], table: Table): DataProblem[] {
  const distinct = new Set(cells.filter((cell) => cell !== null));
  const numbers = [...distinct].filter((cell) => numberOf(cell) !== undefined).length;
  if (distinct.size > 20 && numbers > distinct.size / 2) {
    const row = cells.findIndex((cell) => cell !== null && numberOf(cell) === undefined);
    return [
      {
        code: "MTL315",
        path,
        column: name,
        row: table.number(row),
        message:
          `Input "${name}" looks like numbers, but ${table.place(row)} has "${cells[row] ?? ""}". ` +
          `Correct that cell, or leave it empty if the value is missing.`,
      },
    ];
  }
  if (distinct.size > mostCategories) {
    return [
      {
        code: "MTL316",
        path,
        column: name,
        message:
          `Input "${name}" has ${distinct.size.toLocaleString("en")} different texts; each becomes an input, and ${mostCategories} are the limit. ` +
          `Remove the column if it is an identifier, or group its values.`,
      },
    ];
  }
  return [];
}

function emptyLabels(task: string, column: string, path: DataProblem["path"]): DataProblem {
  const message = `Task "${task}" has no label in any row: column "${column}" is empty. Remove the task, or fill in labels.`;
  return { code: "MTL306", path, column, message };
}

/** What no choice of training rows could make labels of. */
function labelProblems(named: LabelColumns, columns: readonly Column[], table: Table): DataProblem[] {
  const fit = fitLabels(named.settings);
  let row = 0;
  try {
    for (; row < table.rows; row++) fit.add(labelCells(columns, row));
    fit.finish();
    return [];
  } catch (error) {
    if (!(error instanceof LabelFault)) throw error;
    // A fault of all rows together is found after the last one.
    const where = row < table.rows ? { place: table.place(row), row: table.number(row) } : { place: "" };
    return [faultProblem(named, error, where)];
  }
}

/** What a row has in the label columns of a task. */
export function labelCells(columns: readonly Column[], row: number): readonly (string | null)[] {
  return columns.map(({ cells }) => cells[row] ?? null);
}

/** Errors are squared and summed in double precision, and values are held in single precision: beyond this neither is sure. */
const largestNumber = 1e30;

function hugeNumbers({ name, cells }: Column, path: DataProblem["path"], table: Table): DataProblem[] {
  const row = cells.findIndex((cell) => cell !== null && Math.abs(numberOf(cell) ?? 0) > largestNumber);
  if (row < 0) return [];
  return [
    {
      code: "MTL324",
      path,
      column: name,
      row: table.number(row),
      message:
        `Column "${name}" has ${cells[row] ?? ""} in ${table.place(row)}, and numbers beyond ±1e30 cannot be computed with. ` +
        `Correct that cell, or leave it empty if the value is missing.`,
    },
  ];
}

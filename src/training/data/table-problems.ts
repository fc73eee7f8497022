import type { Experiment } from "../../experiment/schema.ts";
import { nearest } from "../../experiment/suggestion.ts";
import { numberOf, type Column } from "./column.ts";
import type { DataProblem } from "./data-error.ts";
import type { Table } from "./table.ts";

/** Most categories of one text input; more are nearly always an identifier. */
export const mostCategories = 1000;

/** Most input values that are held in memory (512 MiB). */
export const mostValues = 2 ** 27;

export type TableExperiment = Omit<Experiment, "data"> & { readonly data: Extract<Experiment["data"], { file: string }> };

/** The label column of a task, and where the experiment names it. */
export function labelColumn(
  experiment: Pick<Experiment, "tasks">,
  task: string,
): { readonly name: string; readonly path: readonly string[] } {
  const column = experiment.tasks[task]?.column;
  return column === undefined ? { name: task, path: ["tasks", task] } : { name: column, path: ["tasks", task, "column"] };
}

/** True when the experiment's data is a table file. */
export function hasTable(experiment: Experiment): experiment is Experiment & TableExperiment {
  return "file" in experiment.data;
}

/** Everything in a table that keeps it from being used as the experiment asks, as far as it shows before the rows are split. */
export function tableProblems(table: Table, experiment: TableExperiment): DataProblem[] {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const inputs = experiment.data.inputs.flatMap((name, index) => {
    const path = ["data", "inputs", index];
    const column = columns.get(name);
    if (column === undefined) return [missingColumn(name, path, table)];
    return inputProblems(column, path, table, experiment.data.missing);
  });
  const labels = Object.entries(experiment.tasks).flatMap(([id, { kind }]) => {
    const { name, path } = labelColumn(experiment, id);
    const column = columns.get(name);
    if (column === undefined) return [missingColumn(name, path, table)];
    return labelProblems(id, kind, column, path, table);
  });
  return [...inputs, ...labels];
}

function missingColumn(name: string, path: DataProblem["path"], table: Table): DataProblem {
  const names = table.columns.map((column) => column.name);
  const close = nearest(name, names);
  const question = close === undefined ? "" : ` Did you mean "${close}"?`;
  return {
    code: "MTL301",
    path,
    column: name,
    message: `"${table.file}" has no column "${name}".${question} Its columns are: ${names.join(", ")}.`,
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

function labelProblems(
  task: string,
  kind: "classification" | "regression",
  column: Column,
  path: DataProblem["path"],
  table: Table,
): DataProblem[] {
  const { name, cells, type } = column;
  if (type === "empty") {
    return [
      {
        code: "MTL306",
        path,
        column: name,
        message: `Task "${task}" has no label in any row: column "${name}" is empty. Remove the task, or fill in labels.`,
      },
    ];
  }
  if (kind === "regression" && type === "text") {
    const row = cells.findIndex((cell) => cell !== null && numberOf(cell) === undefined);
    return [
      {
        code: "MTL304",
        path,
        column: name,
        row: table.number(row),
        message:
          `Task "${task}" predicts a number, but column "${name}" has "${cells[row] ?? ""}" in ${table.place(row)}. ` +
          `Correct that cell, leave it empty if the label is missing, or use "kind: classification".`,
      },
    ];
  }
  if (kind === "classification" && new Set(cells.filter((cell) => cell !== null)).size < 2) {
    return [
      {
        code: "MTL303",
        path,
        column: name,
        message: `Task "${task}" has only one class: every label in column "${name}" is the same. There is nothing to learn; remove the task.`,
      },
    ];
  }
  return [];
}

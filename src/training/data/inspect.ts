import { stat } from "node:fs/promises";
import { resolve } from "node:path";

import { dataFiles, type DataFile } from "../../experiment/data/data-files.ts";
import type { ColumnFacts, DataFacts } from "../../experiment/facts.ts";
import type { Split } from "../../experiment/record.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { hasArrays } from "./arrays/array-experiment.ts";
import { inspectArrays } from "./arrays/inspect-arrays.ts";
import type { Column } from "./column.ts";
import { DataError, type DataProblem } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";
import { bundledDigits } from "./load.ts";
import { isMultiMnist, multiMnistProblems, multiMnistShape, readDigits, type MultiMnistExperiment } from "./multi-mnist.ts";
import { splitRows } from "./split.ts";
import { readTable, type Table } from "./table.ts";
import { fitTable, inputSpec, tableWarnings } from "./table-dataset.ts";
import { taskProblems } from "./task-problems.ts";
import { hasTable, tableProblems, type TableExperiment } from "./table-problems.ts";

export interface DataInspection {
  readonly facts: DataFacts;
  /** What a model must know of the data, if nothing stands in the way. */
  readonly shape: Pick<Dataset, "inputs" | "tasks"> | undefined;
}

/** Reads a table once for as long as its file stays the same. Made for one process that looks at the same few files again and again. */
export class TableCache {
  readonly #tables = new Map<string, { readonly version: string; readonly table: Table }>();

  async read(path: string): Promise<Table> {
    const version = await fileVersion(path);
    const known = this.#tables.get(path);
    if (known !== undefined && version !== "" && known.version === version) return known.table;
    const table = await readTable(path);
    // A few tables at most: their size may be hundreds of megabytes.
    for (const oldest of [...this.#tables.keys()].slice(0, Math.max(0, this.#tables.size - 3))) this.#tables.delete(oldest);
    this.#tables.set(path, { version, table });
    return table;
  }
}

/**
 * Everything that can be said of an experiment's data without training. A problem of the data is listed, never thrown. Of an
 * experiment that is not `trusted` no file on another computer is opened.
 */
export async function inspectData(
  experiment: Experiment,
  baseFolder: string,
  tables: TableCache,
  trusted: boolean,
): Promise<DataInspection> {
  try {
    if (isMultiMnist(experiment)) return withTaskProblems(experiment, await inspectMultiMnist(experiment));
    const away = trusted ? undefined : dataFiles(experiment).find(({ file }) => isElsewhere(file));
    if (away !== undefined) throw elsewhere(away);
    if (hasArrays(experiment)) {
      const { shape, problems, ...facts } = await inspectArrays(experiment, baseFolder);
      return withTaskProblems(experiment, { facts: { ...facts, problems: problems.map(factProblem) }, shape });
    }
    if (hasTable(experiment)) {
      return withTaskProblems(experiment, inspectTable(await tables.read(resolve(baseFolder, experiment.data.file)), experiment));
    }
    throw new TypeError("The experiment names neither a file nor a data set.");
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { facts: { columns: undefined, rows: undefined, problems: [factProblem(error)] }, shape: undefined };
  }
}

function withTaskProblems(experiment: Experiment, { facts, shape }: DataInspection): DataInspection {
  if (shape === undefined || facts.rows === undefined) return { facts, shape };
  const found = taskProblems(experiment, shape.tasks, facts.rows).map(factProblem);
  return { facts: { ...facts, problems: [...facts.problems, ...found] }, shape };
}

/** A network path, as Windows has them. Told by how it is written, the same on every system. */
function isElsewhere(file: string): boolean {
  return /^[\\/]{2}/.test(file);
}

/** Merely asking for such a file sends the user's name and a hash of the password to whatever computer is named. */
function elsewhere({ file, path }: DataFile): DataError {
  return new DataError({
    code: "MTL321",
    path,
    message: `"${file}" is on another computer, and is not asked for in a workspace that is not trusted. Trust the workspace, or copy the file beside the experiment.`,
  });
}

function inspectTable(table: Table, experiment: TableExperiment): DataInspection {
  const columns = table.columns.map(columnFacts);
  const problems = tableProblems(table, experiment).map(factProblem);
  if (problems.length > 0) return { facts: { columns, rows: undefined, problems }, shape: undefined };
  try {
    const fitted = fitTable(table, experiment);
    const { inputs, tasks, parts } = fitted;
    const warnings = tableWarnings(fitted).map((problem) => ({ ...factProblem(problem), severity: "warning" as const }));
    const rows = { train: parts.train.length, validation: parts.validation.length, test: parts.test.length };
    return {
      facts: { columns, rows, problems: warnings },
      shape: { inputs: inputs.map(inputSpec), tasks: tasks.map(({ targets }) => targets) },
    };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { facts: { columns, rows: undefined, problems: [factProblem(error)] }, shape: undefined };
  }
}

async function inspectMultiMnist(experiment: MultiMnistExperiment): Promise<DataInspection> {
  const problems = multiMnistProblems(experiment).map(factProblem);
  const columns = ["left", "right"].map((name): ColumnFacts => ({ name, type: "number", missing: 0, distinct: 10 }));
  const { split, pairs } = experiment.data;
  const digits = await readDigits(bundledDigits());
  const parts = splitRows(digits.count, split, "digits");
  const rowsOf = (name: Split): number => parts[name].length * pairs;
  return {
    facts: { columns, rows: { train: rowsOf("train"), validation: rowsOf("validation"), test: rowsOf("test") }, problems },
    shape: problems.length === 0 ? multiMnistShape(digits, experiment) : undefined,
  };
}

function columnFacts({ name, type, cells }: Column): ColumnFacts {
  const present = cells.filter((cell) => cell !== null);
  return { name, type, missing: cells.length - present.length, distinct: new Set(present).size };
}

function factProblem({ path, code, message, severity }: DataProblem & { readonly severity?: "warning" }): DataFacts["problems"][number] {
  return { path, code, message, ...(severity === undefined ? {} : { severity }) };
}

/** Empty for a file that is not there: reading it tells what is wrong. */
async function fileVersion(path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs} ${size}`;
  } catch {
    return "";
  }
}

import type { ColumnFacts } from "../facts.ts";
import { listed, yamlWord } from "../finding.ts";
import {
  chooseLabels,
  freeName,
  inputText,
  isIdentifier,
  kindOf,
  taskName,
  taskText,
  trainingLines,
  usableColumns,
  usableName,
  type FirstTask,
  type TableDescription,
} from "../new-experiment.ts";

/** A table as a source of a first experiment. */
interface FirstSource {
  readonly name: string;
  readonly file: string;
  readonly lacking: boolean;
  readonly tasks: readonly FirstTask[];
}

/**
 * A valid, commented experiment for several tables: what all of them have becomes the inputs, and each has tasks of its own, of columns that no
 * other has where there are such. Throws `RangeError` when a table has no column to predict, or all together none to predict it from.
 */
export function experimentForTables(name: string, tables: readonly TableDescription[]): string {
  const usable = tables.map(({ columns }) => usableColumns(columns));
  const common = commonColumns(usable);
  const labels = usable.map((columns, index) => labelsOf(tables[index]?.file ?? "", columns, common));
  const labelNames = new Set(labels.flat().map((label) => label.name));
  const inputs = common.filter((column) => !labelNames.has(column.name) && !usable.some((columns) => isIdentifierIn(columns, column)));
  if (inputs.length === 0) {
    const files = tables.map(({ file }) => file);
    throw new RangeError(`${listed(files, "and")} have no column in common from which their others could be predicted.`);
  }
  const sources = sourcesOf(tables, labels, inputs);
  const lines = [
    "# What is trained, on which data, and how the tasks are balanced. Hover a key to read about it.",
    `name: ${usableName(name)}`,
    "data:",
    "  sources: # each with the tasks that its rows have labels for; all of them feed the same inputs",
    ...sources.flatMap((source, index) => sourceLines(source, index === 0 ? `&inputs [${inputs.map(inputText).join(", ")}]` : "*inputs")),
    "  schedule: mixed # every batch has rows of every source; `alternate`: of one after the other",
    "tasks:",
    ...sources.flatMap(({ tasks }) => tasks.map(taskText)),
    ...trainingLines(sources.flatMap(({ tasks }) => tasks.map(({ id }) => id))),
  ];
  return `${lines.join("\n")}\n`;
}

/** Columns that all tables have, and have of the same type, as the first table has them. */
function commonColumns([first = [], ...others]: readonly (readonly ColumnFacts[])[]): readonly ColumnFacts[] {
  return first.filter(({ name, type }) =>
    others.every((columns) => columns.some((column) => column.name === name && column.type === type)),
  );
}

/** Of the columns that this table alone has, else of all but one. */
function labelsOf(file: string, columns: readonly ColumnFacts[], common: readonly ColumnFacts[]): readonly ColumnFacts[] {
  const isCommon = ({ name }: ColumnFacts): boolean => common.some((column) => column.name === name);
  const own = columns.filter((column) => !isCommon(column) && kindOf(column) !== undefined && !isIdentifier(column));
  const labels = own.length > 0 ? chooseLabels(own, own.length) : chooseLabels(columns);
  if (labels.length === 0) throw new RangeError(`${file} has no column to predict. It needs one whose values differ.`);
  return labels;
}

function isIdentifierIn(columns: readonly ColumnFacts[], { name }: ColumnFacts): boolean {
  return columns.some((column) => column.name === name && isIdentifier(column));
}

function sourcesOf(
  tables: readonly TableDescription[],
  labels: readonly (readonly ColumnFacts[])[],
  inputs: readonly ColumnFacts[],
): readonly FirstSource[] {
  const names = new Set<string>();
  const ids = new Set<string>();
  const isShared = (id: string): boolean => labels.filter((own) => own.some((label) => taskName(label) === id)).length > 1;
  return tables.map(({ name, file, columns }, index) => {
    const source = freeName(usableName(name), names);
    const tasks = (labels[index] ?? []).map((label): FirstTask => {
      const id = taskName(label);
      // The same question to two tables is two tasks.
      return { id: freeName(isShared(id) ? `${source}-${id}` : id, ids), column: label.name, kind: kindOf(label) ?? "regression" };
    });
    const lacking = columns.some((column) => column.missing > 0 && inputs.some((input) => input.name === column.name));
    return { name: source, file, lacking, tasks };
  });
}

function sourceLines({ name, file, lacking, tasks }: FirstSource, inputs: string): readonly string[] {
  return [
    `    ${name}:`,
    `      file: ${yamlWord(file)}`,
    `      inputs: ${inputs}`,
    ...(lacking ? ["      missing: mean # some inputs have gaps: fill them with the training mean"] : []),
    `      tasks: [${tasks.map(({ id }) => id).join(", ")}]`,
  ];
}

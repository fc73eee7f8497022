import type { ColumnFacts } from "./facts.ts";
import { yamlWord } from "./finding.ts";
import type { TaskKind } from "./task-kinds.ts";

/** A table from which a first experiment is made. */
export interface TableDescription {
  /** Name wished for; brought to a usable form. */
  readonly name: string;
  /** Path of the table, relative to the new file. */
  readonly file: string;
  readonly columns: readonly ColumnFacts[];
}

/** More different texts than this are rather an identifier than a class. */
const mostClasses = 20;
/** Labels chosen; the others become inputs. */
const mostTasks = 2;

/**
 * A valid, commented experiment for a table: columns of two values become binary tasks, text columns with few values
 * classifications, numbers regressions, the rest inputs. Throws `RangeError` when the table has no column to predict and another to predict it from.
 */
export function experimentForTable({ name, file, columns }: TableDescription): string {
  const usable = usableColumns(columns);
  const labels = chooseLabels(usable);
  const inputs = usable.filter((column) => !labels.includes(column) && !isIdentifier(column));
  if (labels.length === 0 || inputs.length === 0) {
    throw new RangeError(
      `${file} has no column to predict together with another to predict it from. It needs two columns whose values differ.`,
    );
  }
  const tasks = taskLines(labels);
  const skipped = columns.filter((column) => !labels.includes(column) && !inputs.includes(column));
  const lacking = inputs.some(({ missing }) => missing > 0);
  const lines = [
    "# What is trained, on which data, and how the tasks are balanced. Hover a key to read about it.",
    `name: ${usableName(name)}`,
    "data:",
    `  file: ${yamlWord(file)}`,
    `  inputs: [${inputs.map(inputText).join(", ")}]`,
    ...(skipped.length === 0 ? [] : [`  # left out: ${skipped.map((column) => oneLine(column.name)).join(", ")}`]),
    ...(lacking ? ["  missing: mean # some inputs have gaps: fill them with the training mean"] : []),
    "  split: {validation: 0.15, test: 0.15}",
    "tasks: # rows without a label are left out of that task alone",
    ...tasks.map(taskText),
    ...trainingLines(tasks.map(({ id }) => id)),
  ];
  return `${lines.join("\n")}\n`;
}

/** Columns that say something. */
export function usableColumns(columns: readonly ColumnFacts[]): readonly ColumnFacts[] {
  return columns.filter(({ name, type, distinct }) => type !== "empty" && type !== "nested" && distinct > 1 && name.trim() !== "");
}

/** A task of a first experiment. */
export interface FirstTask {
  readonly id: string;
  readonly column: string;
  readonly kind: string;
}

export function taskText({ id, column, kind }: FirstTask): string {
  return `  ${id}: {column: ${yamlWord(column)}, kind: ${kind}}`;
}

/** Network, method and training of a first experiment. */
export function trainingLines(tasks: readonly string[]): readonly string[] {
  return [
    "model:",
    "  trunk: # shared by all tasks",
    "    - dense: {units: 64, activation: relu}",
    "    - dense: {units: 64, activation: relu}",
    "  heads: # one for each task; the output layer is added",
    ...tasks.map((id) => `    ${id}: [{dense: {units: 32, activation: relu}}]`),
    "balancer: equal # the baseline; then try others, e.g. mgda or adatask",
    "optimizer: {adam: {learningRate: 1e-3}}",
    "training: {epochs: 50, batchSize: 32, seed: 0}",
  ];
}

/** A date enters by its parts. */
export function inputText({ name, type }: ColumnFacts): string {
  return type === "date" ? `{column: ${yamlWord(name)}, encode: [month, weekday, hour]}` : yamlWord(name);
}

/** One column to classify and one to measure if there are such, else two of a kind: what is named like a label, then the last. */
export function chooseLabels(columns: readonly ColumnFacts[], most = columns.length - 1): readonly ColumnFacts[] {
  const ranked = columns.toReversed().sort((a, b) => Number(isNamedLikeLabel(b)) - Number(isNamedLikeLabel(a)));
  const category = ranked.find((column) => kindOf(column) === "classification" || kindOf(column) === "binary");
  const measure = ranked.find((column) => kindOf(column) === "regression");
  const others = ranked.filter((column) => kindOf(column) !== undefined && column !== category && column !== measure);
  const wanted = [category, measure, ...others].filter((column) => column !== undefined);
  const chosen = wanted.slice(0, Math.min(mostTasks, most));
  return columns.filter((column) => chosen.includes(column));
}

function isNamedLikeLabel({ name }: ColumnFacts): boolean {
  return /^(?:class|label|target|species|category|kind|type|outcome|y)$/i.test(name.trim());
}

/** The task that a column could be the labels of. */
export function kindOf({ type, distinct }: ColumnFacts): TaskKind | undefined {
  if (type === "date") return undefined;
  if (distinct <= 2) return "binary";
  if (type === "text") return distinct <= mostClasses ? "classification" : undefined;
  return "regression";
}

/** A text with very many values would become as many inputs. */
export function isIdentifier({ type, distinct }: ColumnFacts): boolean {
  return type === "text" && distinct > 5 * mostClasses;
}

function taskLines(labels: readonly ColumnFacts[]): readonly FirstTask[] {
  const taken = new Set<string>();
  return labels.map((label) => ({ id: freeName(taskName(label), taken), column: label.name, kind: kindOf(label) ?? "regression" }));
}

/** A name for the task of a label, without the unit in brackets. */
export function taskName({ name }: ColumnFacts): string {
  return usableName(name.replace(/\(.*?\)/g, "")).slice(0, 40);
}

/** The name, with a number where it is taken; it is then taken. */
export function freeName(base: string, taken: Set<string>): string {
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}-${String(number)}`;
  taken.add(name);
  return name;
}

/** Letters, digits, `_` and `-`, beginning with a letter. */
export function usableName(wish: string): string {
  const plain = wish
    .normalize("NFKD")
    .replace(/[\u0300-\u036F]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^-+|-+$/g, "");
  if (plain === "") return "task";
  return /^[a-z]/.test(plain) && !isWordOfYaml(plain) ? plain : `t-${plain}`;
}

function isWordOfYaml(word: string): boolean {
  return /^(?:true|false|null|yes|no|on|off|y|n)$/.test(word);
}

/** A name inside a comment must not end it. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

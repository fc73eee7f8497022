import type { TaskTargets } from "../dataset.ts";
import { requireDeclared, tooManyClasses, unseen } from "./class-labels.ts";
import { mostClasses, NameCounter, NameIndex } from "./class-names.ts";
import {
  isMissing,
  LabelFault,
  misshapen,
  nothingToLearn,
  quoted,
  type FittedLabels,
  type LabelCell,
  type LabelEncoder,
  type LabelFit,
  type LabelList,
  type LabelSettings,
} from "./label.ts";

/**
 * Labels of which a row may have any number: multi-label. They are told in one of three ways.
 * - Several columns, one for each label, with 0 or 1 (false or true); an empty cell is a label that is not known.
 * - One column of text with a separator, or of lists of text: the names of the labels that the row has.
 * - One column of lists of numbers, all of one length: 0 or 1 for each label.
 * A missing cell says nothing, a cell with the separator alone, or an empty list, says that the row has none of the labels.
 */
export class LabelSetFit implements LabelFit {
  readonly #settings: LabelSettings;
  readonly #counter = new NameCounter();
  readonly #declared: NameIndex | undefined;
  /** Of each label, how often it is there and how often it is not. */
  #marks: { there: number; not: number }[] | undefined;
  #rows = 0;
  #labelled = 0;

  constructor(settings: LabelSettings) {
    this.#settings = settings;
    this.#declared = settings.classes === undefined ? undefined : new NameIndex(settings.classes);
  }

  add(cells: readonly LabelCell[]): void {
    this.#rows += 1;
    const found = readLabels(cells, this.#settings);
    if (found === undefined) return;
    this.#labelled += 1;
    if (found.kind === "names") this.#addNames(found.names);
    else this.#addMarks(found.marks);
  }

  finish(): FittedLabels {
    const { id, kind, columns, classes: declared } = this.#settings;
    if (this.#labelled === 0) throw nothingToLearn(this.#settings, this.#rows);
    const named = this.#counter.sorted();
    const index = new NameIndex(named.map(([name]) => name));
    const classes =
      declared ??
      this.#marks?.map((_, label) => (columns.length > 1 ? (columns[label] ?? "") : String(label))) ??
      named.map(([name]) => name);
    const counts = this.#marks?.map(({ there }) => there) ?? classes.map((name) => named[index.of(name) ?? -1]?.[1] ?? 0);
    const absences = this.#marks?.map(({ not }) => not) ?? counts.map((count) => this.#labelled - count);
    if (counts.every((count) => count === 0)) throw noneOccurs(this.#settings);
    return { targets: { id, kind, classes, shape: [classes.length], counts, absences, numbers: [] }, remarks: [] };
  }

  #addNames(names: readonly string[]): void {
    for (const name of new Set(names)) {
      if (this.#declared !== undefined) requireDeclared(this.#declared, name, this.#settings);
      this.#counter.add(name);
    }
    if (this.#counter.size > mostClasses) throw tooManyClasses(this.#settings);
  }

  #addMarks(marks: readonly number[]): void {
    this.#marks ??= marks.map(() => ({ there: 0, not: 0 }));
    requireLength(marks, this.#settings.classes?.length ?? this.#marks.length, this.#settings);
    this.#marks.forEach((counts, label) => {
      if (marks[label] === 1) counts.there += 1;
      if (marks[label] === 0) counts.not += 1;
    });
  }
}

/** Writes 1 for each label that a row has, 0 for each that it has not, and NaN where that is not known. */
export function labelSetEncoder(targets: TaskTargets, settings: LabelSettings): LabelEncoder {
  const size = targets.classes.length;
  const index = new NameIndex(targets.classes);
  return {
    size,
    encode(cells, into, offset) {
      into.fill(0, offset, offset + size);
      const found = readLabels(cells, settings);
      if (found === undefined) return false;
      if (found.kind === "marks") {
        requireLength(found.marks, size, settings);
        into.set(found.marks, offset);
        return true;
      }
      for (const name of found.names) {
        if (settings.classes !== undefined) requireDeclared(index, name, settings);
        const label = index.of(name);
        if (label === undefined) throw unseen(settings, name);
        into[offset + label] = 1;
      }
      return true;
    },
  };
}

/** Names of the labels that a row has, or a mark for each label: 1, 0, or NaN where it is not known. */
type Labels = { readonly kind: "names"; readonly names: readonly string[] } | { readonly kind: "marks"; readonly marks: readonly number[] };

function readLabels(cells: readonly LabelCell[], settings: LabelSettings): Labels | undefined {
  const [cell = null] = cells;
  if (settings.columns.length > 1) return knownMarks(cells.map((each, column) => markOf(each, column, settings)));
  if (isMissing(cell)) return undefined;
  if (typeof cell === "object") return readList(cell, settings);
  if (settings.separator === undefined) {
    if (typeof cell === "string" && markIn(cell) === undefined) throw withoutSeparator(settings, cell);
    return knownMarks([markOf(cell, 0, settings)]);
  }
  const names = String(cell)
    .split(settings.separator)
    .map((name) => name.trim());
  return { kind: "names", names: names.filter((name) => name !== "") };
}

function readList(list: LabelList, settings: LabelSettings): Labels | undefined {
  const cells = Array.from<string | number | null>(list);
  const names = cells.filter((cell) => typeof cell === "string");
  if (names.length === 0 && cells.length > 0) return knownMarks(cells.map((cell) => markOf(cell, 0, settings)));
  if (names.length < cells.length)
    throw misshapen(settings, 0, "a list of names with something else among them", "names alone, or 0 and 1 alone");
  return { kind: "names", names };
}

function knownMarks(marks: readonly number[]): Labels | undefined {
  return marks.every(Number.isNaN) ? undefined : { kind: "marks", marks };
}

function markOf(cell: LabelCell, column: number, settings: LabelSettings): number {
  if (isMissing(cell)) return Number.NaN;
  const mark = typeof cell === "object" ? undefined : markIn(String(cell));
  if (mark !== undefined) return mark;
  throw new LabelFault(
    "MTL353",
    column,
    ({ place }) =>
      `Column "${settings.columns[column] ?? ""}" has ${quoted(cell)} in ${place}, but says of the task "${settings.id}" whether a row has a label: ` +
      `0 or 1, false or true. Correct that cell, or leave it empty if that is not known.`,
  );
}

function markIn(text: string): 0 | 1 | undefined {
  if (text.toLowerCase() === "true" || Number(text) === 1) return 1;
  return text.toLowerCase() === "false" || (text !== "" && Number(text) === 0) ? 0 : undefined;
}

function requireLength(marks: readonly number[], length: number, settings: LabelSettings): void {
  if (marks.length !== length) throw misshapen(settings, 0, `a list of ${marks.length}`, `one of ${length} in every row`);
}

function withoutSeparator({ id, columns }: LabelSettings, cell: string): LabelFault {
  return new LabelFault(
    "MTL353",
    0,
    ({ place }) =>
      `Column "${columns[0] ?? ""}" has the text ${quoted(cell)} in ${place}. Say what stands between the labels of task "${id}", e.g. "separator: ','", ` +
      `or name a column for each label under "columns".`,
  );
}

function noneOccurs({ id, columns }: LabelSettings): LabelFault {
  return new LabelFault(
    "MTL303",
    0,
    () =>
      `Task "${id}" has no label that occurs in a training row of ${columns.map((name) => `"${name}"`).join(", ")}. There is nothing to learn; remove the task.`,
  );
}

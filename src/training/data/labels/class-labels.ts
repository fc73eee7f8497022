import { numberOf } from "../cells.ts";
import type { TaskTargets } from "../dataset.ts";
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
  type LabelSettings,
} from "./label.ts";

/**
 * Labels that are one of several classes: classification, binary and ordinal. Classes are those that the experiment names, in its
 * order, else those that the training rows have: numbers by size, text by code point. Of the two of a binary task the second is
 * the positive one.
 */
export class ClassFit implements LabelFit {
  readonly #settings: LabelSettings;
  readonly #counter = new NameCounter();
  readonly #declared: NameIndex | undefined;
  #rows = 0;
  #labelled = 0;

  constructor(settings: LabelSettings) {
    this.#settings = settings;
    this.#declared = settings.classes === undefined ? undefined : new NameIndex(settings.classes);
  }

  add(cells: readonly LabelCell[]): void {
    this.#rows += 1;
    const cell = oneCell(cells, this.#settings);
    if (cell === undefined) return;
    if (this.#declared !== undefined) requireDeclared(this.#declared, cell, this.#settings);
    this.#labelled += 1;
    this.#counter.add(String(cell));
    this.#requireFew(cell);
  }

  finish(): FittedLabels {
    const { id, kind, classes: declared } = this.#settings;
    if (this.#labelled === 0) throw nothingToLearn(this.#settings, this.#rows);
    const found = this.#counter.sorted();
    if (found.length < 2) throw onlyOneClass(this.#settings);
    const index = new NameIndex(found.map(([name]) => name));
    const classes = declared ?? found.map(([name]) => name);
    const counts = classes.map((name) => found[index.of(name) ?? -1]?.[1] ?? 0);
    return { targets: { id, kind, classes, shape: [], counts, numbers: [] }, remarks: [] };
  }

  #requireFew(cell: string | number): void {
    const { id, kind, columns } = this.#settings;
    const column = columns[0] ?? "";
    if (kind === "ordinal" && this.#declared === undefined && numberOf(String(cell)) === undefined) {
      throw new LabelFault(
        "MTL351",
        0,
        ({ place }) =>
          `The classes of the ordinal task "${id}" need an order, and ${quoted(cell)} in ${place} of column "${column}" is no number. ` +
          `Name the classes in their order, e.g. "classes: [low, middle, high]".`,
      );
    }
    if (kind === "binary" && this.#counter.size > 2) this.#requireTwo(cell);
    if (this.#counter.size > mostClasses) throw tooManyClasses(this.#settings);
  }

  #requireTwo(cell: string | number): void {
    const { id, columns } = this.#settings;
    const names = this.#counter.sorted().map(([name]) => name);
    if (names.length <= 2) return;
    const others = names.filter((name) => name !== String(cell)).map(quoted);
    throw new LabelFault(
      "MTL350",
      0,
      ({ place }) =>
        `Task "${id}" tells two values apart, but column "${columns[0] ?? ""}" has ${quoted(cell)} in ${place} beside ${others.join(" and ")}. ` +
        `Correct that cell, leave it empty if the label is missing, or use "kind: classification".`,
    );
  }
}

/** Writes the index of a row's class. */
export function classEncoder(targets: TaskTargets, settings: LabelSettings): LabelEncoder {
  const index = new NameIndex(targets.classes);
  return {
    size: 1,
    encode(cells, into, offset) {
      const cell = oneCell(cells, settings);
      if (cell === undefined) {
        into[offset] = 0;
        return false;
      }
      if (settings.classes !== undefined) requireDeclared(index, cell, settings);
      const place = index.of(cell);
      if (place === undefined) throw unseen(settings, cell);
      into[offset] = place;
      return true;
    },
  };
}

function oneCell([cell]: readonly LabelCell[], settings: LabelSettings): string | number | undefined {
  if (isMissing(cell)) return undefined;
  if (typeof cell === "object") throw misshapen(settings, 0, quoted(cell), "one class a row");
  return cell;
}

/** Throws where the experiment names the classes, and the cell is none of them. */
export function requireDeclared(classes: NameIndex, cell: string | number, { id, columns, classes: names = [] }: LabelSettings): void {
  if (classes.of(cell) !== undefined) return;
  throw new LabelFault(
    "MTL352",
    0,
    ({ place }) =>
      `Column "${columns[0] ?? ""}" has ${quoted(cell)} in ${place}, which is not among the classes of task "${id}": ${names.join(", ")}. ` +
      `Correct that cell, leave it empty if the label is missing, or add the class.`,
  );
}

export function unseen({ id }: LabelSettings, cell: string | number): LabelFault {
  return new LabelFault(
    "MTL318",
    0,
    ({ place, split }) =>
      `Class ${quoted(cell)} of task "${id}" is in the ${split === undefined ? "data" : `${split} rows`} (${place}) but in no training row. ` +
      `It is too rare to be learned: correct or remove such rows, or change split.seed.`,
  );
}

export function tooManyClasses({ id, columns }: LabelSettings): LabelFault {
  return new LabelFault(
    "MTL355",
    0,
    () =>
      `Column "${columns[0] ?? ""}" has more than ${mostClasses.toLocaleString("en")} different values, each of which would become a class of task "${id}". ` +
      `It is an identifier or a measurement: choose another column, or use "kind: regression".`,
  );
}

function onlyOneClass({ id, columns }: LabelSettings): LabelFault {
  return new LabelFault(
    "MTL303",
    0,
    () =>
      `Task "${id}" has only one class: every label in column "${columns[0] ?? ""}" is the same. There is nothing to learn; remove the task.`,
  );
}

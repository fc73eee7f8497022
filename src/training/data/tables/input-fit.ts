import type { DatePart } from "../../../experiment/table-inputs.ts";
import type { DataProblem } from "../data-error.ts";
import { inCategoryOrder } from "../cells.ts";
import { momentsIn, type CategoryMeasure, type InputMeasure } from "../input-measure.ts";
import type { Split } from "../../../experiment/record.ts";
import { isRounded } from "../spread.ts";
import { CodeCounts } from "./code-counts.ts";
import type { ColumnPacker, PackedValues } from "./column-packer.ts";
import { dateParts } from "./dates.ts";
import { dateEncoder, embeddingEncoder, numberEncoder, oneHotEncoder, type InputEncoder, type MissingRule } from "./input-encoder.ts";
import { NumberFit, numberScale } from "./number-fit.ts";
import type { PlannedInput } from "./table-plan.ts";
import { placeName, type TableReader } from "./table-reader.ts";

/** Learns from the training rows how one input column enters the network. Of the other rows it looks only for what they have beside. */
export interface InputFit {
  /** Values of the column in some rows of a split; `places` are the rows' places in the file. */
  add(split: Split, values: PackedValues, rows: Uint32Array, places: PackedValues): void;
  /** The training rows once more, after all rows. */
  addAgain?(values: PackedValues, rows: Uint32Array): void;
  /** What was learnt, once all rows have been shown. */
  readonly measure: InputMeasure;
  /** How the column enters the network by its own measure, or by one that it shares. */
  finish(measure: InputMeasure): { readonly encoder: InputEncoder; readonly warnings: readonly DataProblem[] };
}

export function fitInput(planned: PlannedInput, packer: ColumnPacker, reader: TableReader): InputFit {
  if (packer.type === "text") return new CategoryFit(planned, packer, reader);
  return packer.slot.role === "date" ? new DateFit(planned, packer) : new NumberInputFit(planned, packer);
}

class NumberInputFit implements InputFit {
  readonly #planned: PlannedInput;
  readonly #path: DataProblem["path"];
  readonly #fit = new NumberFit();

  constructor(planned: PlannedInput, { slot }: ColumnPacker) {
    this.#planned = planned;
    this.#path = slot.path;
  }

  add(split: Split, values: PackedValues, rows: Uint32Array): void {
    if (split !== "train") return;
    for (const row of rows) this.#fit.add(values[row] ?? Number.NaN);
  }

  addAgain(values: PackedValues, rows: Uint32Array): void {
    for (const row of rows) this.#fit.addSquare(values[row] ?? Number.NaN);
  }

  get measure(): InputMeasure {
    return {
      kind: "number",
      name: this.#planned.input.column,
      path: this.#path,
      scale: scaleOf(this.#planned),
      moments: [this.#fit.moments],
    };
  }

  finish(measure: InputMeasure): ReturnType<InputFit["finish"]> {
    const { slot, input, missing } = this.#planned;
    const [moments = this.#fit.moments] = momentsIn(measure);
    const scale = numberScale(scaleOf(this.#planned), moments);
    return { encoder: numberEncoder(slot, input.column, scale, missingRule(missing)), warnings: [] };
  }
}

class DateFit implements InputFit {
  readonly #planned: PlannedInput;
  readonly #path: DataProblem["path"];
  /** Parts that enter as numbers. */
  readonly #fits: ReadonlyMap<DatePart, NumberFit>;
  readonly #date = new Date(0);

  constructor(planned: PlannedInput, { slot }: ColumnPacker) {
    this.#planned = planned;
    this.#path = slot.path;
    const cyclic = planned.input.cyclic ?? true;
    const numbers = planned.dateParts.filter((part) => !cyclic || dateParts[part].period === undefined);
    this.#fits = new Map(numbers.map((part) => [part, new NumberFit()]));
  }

  add(split: Split, values: PackedValues, rows: Uint32Array): void {
    if (split !== "train" || this.#fits.size === 0) return;
    for (const row of rows) this.#each(values[row] ?? Number.NaN, (fit, part) => fit.add(part));
  }

  addAgain(values: PackedValues, rows: Uint32Array): void {
    for (const row of rows) this.#each(values[row] ?? Number.NaN, (fit, part) => fit.addSquare(part));
  }

  get measure(): InputMeasure {
    const moments = [...this.#fits.values()].map((fit) => fit.moments);
    return { kind: "number", name: this.#planned.input.column, path: this.#path, scale: scaleOf(this.#planned), moments };
  }

  finish(measure: InputMeasure): ReturnType<InputFit["finish"]> {
    const { slot, input, missing, dateParts: parts } = this.#planned;
    const shared = momentsIn(measure);
    const numbers = [...this.#fits.keys()];
    const features = parts.map((part) => {
      const fit = this.#fits.get(part);
      if (fit === undefined) return { part, period: dateParts[part].period ?? 1 };
      return { part, scale: numberScale(scaleOf(this.#planned), shared[numbers.indexOf(part)] ?? fit.moments) };
    });
    return { encoder: dateEncoder(slot, input.column, features, missingRule(missing)), warnings: [] };
  }

  #each(value: number, take: (fit: NumberFit, part: number) => void): void {
    if (Number.isNaN(value)) return;
    this.#date.setTime(value);
    for (const [part, fit] of this.#fits) take(fit, dateParts[part].of(this.#date));
  }
}

const missingName = "(missing)";
const otherName = "(other)";

/** When a training row lacks the value, "missing" becomes a category of its own; of an embedding, "other" always is one. */
class CategoryFit implements InputFit {
  readonly #planned: PlannedInput;
  readonly #packer: ColumnPacker;
  readonly #reader: TableReader;
  readonly #counts = new CodeCounts();

  constructor(planned: PlannedInput, packer: ColumnPacker, reader: TableReader) {
    this.#planned = planned;
    this.#packer = packer;
    this.#reader = reader;
  }

  add(split: Split, values: PackedValues, rows: Uint32Array, places: PackedValues): void {
    for (const row of rows) this.#counts.add(split, values[row] ?? 0, places[row] ?? 0);
  }

  get measure(): CategoryMeasure {
    const isNumeric = this.#packer.isNumeric;
    return {
      kind: "category",
      name: this.#planned.input.column,
      path: this.#packer.slot.path,
      categories: inCategoryOrder(new Set(this.#counts.codes("train").map((code) => this.#name(code))), isNumeric ? "number" : "text"),
      isNumeric,
      hasMissing: this.#counts.hasMissing("train"),
    };
  }

  finish(measure: InputMeasure): ReturnType<InputFit["finish"]> {
    const { slot, input } = this.#planned;
    const { categories, hasMissing } = measure.kind === "category" ? measure : this.measure;
    const ownMissing = hasMissing && this.#planned.missing !== "zero";
    const named = ownMissing ? [...categories, missingName] : categories;
    const indices = this.#indices(categories, ownMissing ? categories.length : -1);
    if (input.encode !== "embedding") {
      return {
        encoder: oneHotEncoder(slot, input.column, named, indices),
        warnings: this.#unseen(categories, "has no feature of its own"),
      };
    }
    const all = [...named, otherName];
    const embedding = { column: input.column, categories: all, size: input.size ?? defaultSize(all.length) };
    const other = indices.map((index) => (index < 0 ? all.length - 1 : index));
    return {
      encoder: embeddingEncoder(slot, embedding, other),
      warnings: this.#unseen(categories, `shares the vector of "${otherName}", which stays 0`),
    };
  }

  /** Equal numbers are one category however they are written (`1`, `1.0`). */
  #name(code: number): string {
    const text = this.#packer.dictionary.text(code) ?? "";
    return this.#packer.isNumeric && !isRounded(text, Number(text)) ? String(Number(text)) : text;
  }

  #indices(categories: readonly string[], missing: number): Int32Array {
    const found = new Map(categories.map((category, index) => [category, index]));
    return Int32Array.from({ length: this.#packer.dictionary.size + 1 }, (_, code) =>
      code === 0 ? missing : (found.get(this.#name(code)) ?? -1),
    );
  }

  /** Never silent: a category that no training row has says nothing to the network. */
  #unseen(categories: readonly string[], what: string): DataProblem[] {
    const { input } = this.#planned;
    const known = new Set(categories);
    const unseen = this.#counts.unseen().filter(({ code }) => !known.has(this.#name(code)));
    const [first] = unseen;
    if (first === undefined) return [];
    const rows = unseen.reduce((sum, each) => sum + each.rows, 0);
    const others = unseen.length === 1 ? "" : ` and ${unseen.length - 1} more`;
    return [
      {
        code: "MTL327",
        path: this.#packer.slot.path,
        column: input.column,
        row: first.place,
        message:
          `"${this.#name(first.code)}"${others} of input "${input.column}" ${rows === 1 ? "is in 1 validation or test row" : `are in ${rows.toLocaleString("en")} validation or test rows`}, ` +
          `first in ${placeName(this.#reader, first.place)}, but in no training row: such a category ${what}.`,
      },
    ];
  }
}

/** A rule of thumb of the fastai library: 1.6 · n^0.56, here at most 50. */
function defaultSize(categories: number): number {
  return Math.min(50, Math.max(1, Math.round(1.6 * categories ** 0.56)));
}

function scaleOf({ input }: PlannedInput): NonNullable<PlannedInput["input"]["scale"]> {
  return input.scale ?? "standard";
}

function missingRule(missing: PlannedInput["missing"]): MissingRule {
  return { fill: missing === "zero" ? "zero" : "mean", marked: missing === "category" };
}

import type { DataProblem } from "../data-error.ts";
import { numberOf } from "../cells.ts";
import { isRounded } from "../spread.ts";
import { parseDate } from "./dates.ts";
import { Dictionary } from "./dictionary.ts";
import type { Slot } from "./table-plan.ts";
import { placeName, type ChunkColumn, type TableReader } from "./table-reader.ts";

/** Errors are squared and summed in double precision, and values are held in single precision: beyond this neither is sure. */
const largestNumber = 1e30;

/** What is kept of a chunk's values: numbers with NaN where one is missing, or codes with 0 for that. */
export type PackedValues = Float64Array | Uint32Array;

/**
 * Turns a column, chunk by chunk, into what is kept of it, and learns its type. A column that may be either numbers or text is
 * kept as codes of its different texts until they are too many; then it holds numbers, or cannot be used.
 */
export class ColumnPacker {
  readonly slot: Slot;
  readonly dictionary = new Dictionary();
  /** Rows without a value so far, and the first of them. */
  missing = 0;
  firstMissing = 0;
  rows = 0;
  /** What keeps the column from being used, once it is found. */
  fault: DataProblem | undefined;
  readonly #reader: Pick<TableReader, "file" | "rowWord">;
  #coded: boolean;
  /** Different texts that are numbers, and the first that is none. */
  #numbers = 0;
  #firstText: { readonly text: string; readonly place: number } | undefined;
  #rounded: { readonly text: string; readonly place: number } | undefined;
  #huge: { readonly text: string; readonly place: number } | undefined;

  constructor(slot: Slot, reader: Pick<TableReader, "file" | "rowWord">) {
    this.slot = slot;
    this.#reader = reader;
    this.#coded = slot.role === "category" || slot.role === "either";
  }

  /** Whether values are kept as codes from now on. Changes at most once, from codes to numbers. */
  get isCoded(): boolean {
    return this.#coded;
  }

  /** What the column turned out to be, after its last row. */
  get type(): "number" | "text" | "date" | "empty" {
    if (this.missing === this.rows) return "empty";
    if (this.slot.role === "date") return "date";
    if (!this.#coded) return "number";
    return this.slot.role === "either" && this.#firstText === undefined ? "number" : "text";
  }

  /** True where every text of a column of categories is a number. */
  get isNumeric(): boolean {
    return this.#firstText === undefined;
  }

  pack(column: ChunkColumn, places: Uint32Array): PackedValues {
    const values = this.#values(column, places);
    this.rows += values.length;
    for (let row = 0; row < values.length; row++) {
      const value = values[row] ?? 0;
      if (this.#coded ? value !== 0 : !Number.isNaN(value)) continue;
      if (this.missing === 0) this.firstMissing = places[row] ?? 0;
      this.missing += 1;
    }
    return values;
  }

  /** After the last row: a column of text most of whose values are numbers was hardly meant to be one. */
  finish(): void {
    if (this.slot.role === "either" && this.type === "text" && this.dictionary.size > 20 && this.#looksLikeNumbers) this.#almostNumbers();
    if (this.type === "number" && this.#huge !== undefined && this.slot.use === "input") this.#hugeNumber(this.#huge);
    // An identifier, as a rule: as categories its texts are told apart, and labels are not computed with digit by digit.
    if (this.type === "number" && this.#rounded !== undefined && this.slot.use === "input") this.#roundedNumber(this.#rounded);
  }

  #values(column: ChunkColumn, places: Uint32Array): PackedValues {
    const { role } = this.slot;
    if (column.type === "date" && role !== "date") {
      const advice = `say which of its parts enter, e.g. "encode: [month, weekday, hour]"`;
      this.#blame(
        "MTL329",
        `Column "${this.slot.column}" holds dates${this.slot.use === "input" ? `: ${advice}` : ", which no task predicts"}.`,
      );
      return this.#nothing(places.length);
    }
    switch (role) {
      case "date":
        return this.#dates(column, places);
      case "number":
        return this.#numbersOf(column, places);
      case "category":
        return this.#codesOf(column, places);
      case "either":
        if (column.type === "number") this.#coded = false;
        return this.#coded ? this.#codesOf(column, places) : this.#numbersOf(column, places);
    }
  }

  #dates(column: ChunkColumn, places: Uint32Array): PackedValues {
    if (column.type === "date") return column.values;
    if (column.type === "number") {
      this.#blame("MTL329", `Column "${this.slot.column}" holds numbers, and the experiment asks for parts of a date.`);
      return this.#nothing(places.length);
    }
    return Float64Array.from(column.values, (text, row) => {
      if (text === null) return Number.NaN;
      const date = parseDate(text);
      if (date === undefined) {
        const where = placeName(this.#reader, places[row] ?? 0);
        this.#blame(
          "MTL329",
          `Column "${this.slot.column}" has "${short(text)}" in ${where}, which is no date. Write dates like 2001-01-14 or 2001-01-14T21:55:00, or leave the cell empty.`,
          places[row],
        );
      }
      return date ?? Number.NaN;
    });
  }

  #numbersOf(column: ChunkColumn, places: Uint32Array): PackedValues {
    if (column.type === "number" || column.type === "date") {
      column.values.forEach((value, row) => {
        if (Math.abs(value) > largestNumber) this.#huge ??= { text: String(value), place: places[row] ?? 0 };
      });
      return column.values;
    }
    return Float64Array.from(column.values, (text, row) => {
      if (text === null) return Number.NaN;
      const value = numberOf(text);
      if (value === undefined) {
        this.#firstText ??= { text, place: places[row] ?? 0 };
        // What is wrong with a label its task tells.
        if (this.slot.use === "input") this.#almostNumbers();
        return Number.NaN;
      }
      this.#noteSize(text, value, places[row] ?? 0);
      return value;
    });
  }

  #codesOf(column: ChunkColumn, places: Uint32Array): PackedValues {
    const codes = new Uint32Array(places.length);
    for (let row = 0; row < codes.length; row++) {
      const value = column.values[row] ?? null;
      if (value === null || Number.isNaN(value)) continue;
      const code = this.#code(typeof value === "number" ? this.#numberText(value, places[row] ?? 0) : value, places[row] ?? 0);
      if (code === undefined) return this.#coded ? codes : this.#numbersOf(column, places);
      codes[row] = code;
    }
    return codes;
  }

  /** Undefined where there are too many: then either the column's values are kept as numbers from this chunk on, or it has a fault. */
  #code(text: string, place: number): number | undefined {
    const known = this.dictionary.size;
    if (this.fault !== undefined) return 0;
    const code = this.dictionary.code(text);
    if (this.dictionary.size === known) return code;
    const value = numberOf(text);
    if (value === undefined) this.#firstText ??= { text, place };
    else this.#numbers += 1;
    if (value !== undefined) this.#noteSize(text, value, place);
    if (this.dictionary.size <= this.slot.most) return code;
    if (this.slot.role === "either" && this.#firstText === undefined) this.#coded = false;
    else this.#tooMany();
    return undefined;
  }

  #noteSize(text: string, value: number, place: number): void {
    if (Math.abs(value) > largestNumber) this.#huge ??= { text, place };
    if (isRounded(text, value)) this.#rounded ??= { text, place };
  }

  #numberText(value: number, place: number): string {
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      this.#blame(
        "MTL324",
        `Column "${this.slot.column}" has ${value} in ${placeName(this.#reader, place)}: whole numbers beyond ±2⁵³ cannot be told apart as categories. Write them as text.`,
        place,
      );
    }
    return String(value);
  }

  get #looksLikeNumbers(): boolean {
    return this.#numbers > this.dictionary.size / 2;
  }

  #tooMany(): void {
    if (this.slot.role === "either" && this.#looksLikeNumbers) return this.#almostNumbers();
    const most = this.slot.most.toLocaleString("en");
    const advice =
      this.slot.role === "either" || this.slot.most < 2 ** 20
        ? `each becomes an input, and ${most} are the limit. Remove the column if it is an identifier, use "encode: embedding", or group its values`
        : `and ${most} are the limit. Remove the column: it is an identifier`;
    if (this.slot.lists === true) {
      this.#blame(
        "MTL316",
        `Label column "${this.slot.column}" has more than ${most} different lists, which are the limit. Write their parts as columns of their own, and name these under "columns".`,
      );
      return;
    }
    const what = this.slot.use === "input" ? "Input" : "Label column";
    this.#blame("MTL316", `${what} "${this.slot.column}" has more than ${most} different texts; ${advice}.`);
  }

  #almostNumbers(): void {
    const { text = "", place = 0 } = this.#firstText ?? {};
    const looks = this.slot.role === "number" ? "is declared a number" : "looks like numbers";
    this.#blame(
      "MTL315",
      `Input "${this.slot.column}" ${looks}, but ${placeName(this.#reader, place)} has "${short(text)}". ` +
        `Correct that cell, or leave it empty if the value is missing.`,
      place,
    );
  }

  #hugeNumber({ text, place }: { readonly text: string; readonly place: number }): void {
    this.#blame(
      "MTL324",
      `Column "${this.slot.column}" has ${text} in ${placeName(this.#reader, place)}, and numbers beyond ±1e30 cannot be computed with. ` +
        `Correct that cell, or leave it empty if the value is missing.`,
      place,
    );
  }

  #roundedNumber({ text, place }: { readonly text: string; readonly place: number }): void {
    this.#blame(
      "MTL347",
      `Column "${this.slot.column}" has ${short(text)} in ${placeName(this.#reader, place)}, and whole numbers beyond ±2⁵³ cannot be held exactly. ` +
        `Remove the column if it is an identifier, or write it as a smaller number.`,
      place,
    );
  }

  /** The first thing that is wrong is told; what follows of it is not. */
  #blame(code: DataProblem["code"], message: string, place?: number): void {
    this.fault ??= { code, path: this.slot.path, column: this.slot.column, message, ...(place === undefined ? {} : { row: place }) };
  }

  #nothing(rows: number): PackedValues {
    return this.#coded ? new Uint32Array(rows) : new Float64Array(rows).fill(Number.NaN);
  }
}

/** A cell that fits in a message. */
function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

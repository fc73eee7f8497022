import type { DatePart } from "../../../experiment/table-inputs.ts";
import { dateParts } from "./dates.ts";
import { codeType, type FieldType } from "./packed-rows.ts";

/** One field of a packed row that an input column needs, and what the network gets of it. */
export interface InputField {
  readonly type: FieldType;
  /** The field of a column's value: a number with NaN for none, or a code with 0 for none. */
  readonly pack: (value: number) => number;
  readonly expansion: Expansion;
}

/**
 * What becomes of a field when a batch is made: itself; a 1 at its place, 0 meaning nowhere; or the features that a table has for
 * it.
 */
export type Expansion =
  | { readonly kind: "itself" }
  | { readonly kind: "one-hot"; readonly width: number }
  | { readonly kind: "table"; readonly width: number; readonly table: Float32Array };

/** How one input column enters the network. */
export interface InputEncoder {
  /** Slot that its values are in. */
  readonly slot: number;
  readonly fields: readonly InputField[];
  /** Names of the features that all its fields together give, in order. */
  readonly features: readonly string[];
  /** Where the network holds a trained vector for each category; the only feature is the category's number. */
  readonly embedding?: EmbeddingFacts;
}

export interface EmbeddingFacts {
  readonly column: string;
  /** What the vectors stand for: the categories, `(missing)` where training rows lack one, and last `(other)` for what no training row has. */
  readonly categories: readonly string[];
  readonly size: number;
}

/** What was learnt of a number from the training rows. */
export interface NumberScale {
  readonly mean: number;
  /** The feature is (value − shift) ⁄ divisor. */
  readonly shift: number;
  readonly divisor: number;
}

/** What stands for a missing value: the training mean or 0, and with `marked` a further feature that says so. */
export interface MissingRule {
  readonly fill: "mean" | "zero";
  readonly marked: boolean;
}

export function numberEncoder(slot: number, column: string, scale: NumberScale, missing: MissingRule): InputEncoder {
  return {
    slot,
    features: [column, ...markName(column, missing)],
    fields: [numberField(scale, missing, (value) => value), ...mark(missing)],
  };
}

/** One feature for each category, which is 1 in its rows. `indices` gives the feature of each code, −1 where it has none. */
export function oneHotEncoder(slot: number, column: string, categories: readonly string[], indices: Int32Array): InputEncoder {
  const width = categories.length;
  return {
    slot,
    features: categories.map((category) => `${column}=${category}`),
    fields: [{ type: codeType(width + 1), pack: (code) => (indices[code] ?? -1) + 1, expansion: { kind: "one-hot", width } }],
  };
}

/** The number of each category; `indices` gives it for each code. */
export function embeddingEncoder(slot: number, embedding: EmbeddingFacts, indices: Int32Array): InputEncoder {
  const other = embedding.categories.length - 1;
  return {
    slot,
    features: [embedding.column],
    embedding,
    fields: [{ type: codeType(embedding.categories.length), pack: (code) => indices[code] ?? other, expansion: { kind: "itself" } }],
  };
}

/** A part of a date as a number, or as sine and cosine of the way through its cycle. */
export type DateFeature = { readonly part: DatePart; readonly scale: NumberScale } | { readonly part: DatePart; readonly period: number };

/** A missing date is the middle of each feature: 0 for sine and cosine, the training mean for numbers, or the number 0. */
export function dateEncoder(slot: number, column: string, features: readonly DateFeature[], missing: MissingRule): InputEncoder {
  const names = features.flatMap((feature) => {
    const name = `${column} ${feature.part}`;
    return "period" in feature ? [`${name} (sine)`, `${name} (cosine)`] : [name];
  });
  const date = new Date(0);
  const partOf = (part: DatePart, value: number): number => {
    date.setTime(value);
    return dateParts[part].of(date);
  };
  return {
    slot,
    features: [...names, ...markName(column, missing)],
    fields: [
      ...features.map((feature) =>
        "period" in feature
          ? cyclicField(feature, (value) => partOf(feature.part, value))
          : numberField(feature.scale, missing, (value) => partOf(feature.part, value)),
      ),
      ...mark(missing),
    ],
  };
}

function numberField({ mean, shift, divisor }: NumberScale, { fill }: MissingRule, of: (value: number) => number): InputField {
  const filled = ((fill === "mean" ? mean : 0) - shift) / divisor;
  return {
    type: "float32",
    pack: (value) => (Number.isNaN(value) ? filled : (of(value) - shift) / divisor),
    expansion: { kind: "itself" },
  };
}

/** Kept as the part's number, 0 for none: its sine and cosine stand in a table. */
function cyclicField({ part, period }: { readonly part: DatePart; readonly period: number }, of: (value: number) => number): InputField {
  const { first } = dateParts[part];
  const table = new Float32Array(2 * (period + 1));
  for (let step = 0; step < period; step++) {
    table[2 * step + 2] = Math.sin((2 * Math.PI * step) / period);
    table[2 * step + 3] = Math.cos((2 * Math.PI * step) / period);
  }
  return {
    type: codeType(period + 1),
    pack: (value) => (Number.isNaN(value) ? 0 : of(value) - first + 1),
    expansion: { kind: "table", width: 2, table },
  };
}

function mark({ marked }: MissingRule): InputField[] {
  return marked ? [{ type: "uint8", pack: (value) => (Number.isNaN(value) ? 1 : 0), expansion: { kind: "itself" } }] : [];
}

function markName(column: string, { marked }: MissingRule): string[] {
  return marked ? [`${column}=(missing)`] : [];
}

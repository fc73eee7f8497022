import type { ParquetParsers, SchemaTree } from "hyparquet";

import { presentText } from "../cells.ts";
import { listText, singles } from "./list-cells.ts";
import type { ChunkColumn, ColumnHead } from "./table-reader.ts";

export interface ParquetColumn extends ColumnHead {
  readonly type: "number" | "text" | "date" | "nested";
  /** What a number that comes out of the reader is multiplied with. */
  readonly factor: number;
}

const day = 86_400_000;
const textDecoder = new TextDecoder("utf-8", { fatal: true });

/** Dates as milliseconds instead of objects, text only where it is UTF-8, nothing else taken apart. */
export const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (micros) => optional(micros, (value) => Number(value) / 1000),
  timestampFromNanoseconds: (nanos) => optional(nanos, (value) => Number(value) / 1e6),
  dateFromDays: (days) => optional(days, (value) => value * day),
  stringFromBytes: decode,
  jsonFromBytes: decode,
};

/** What a top-level column of the schema can be used as. */
export function columnKind({ element, children }: SchemaTree): ParquetColumn {
  const { name, type, converted_type: converted, logical_type: logical, repetition_type: repetition, scale = 0 } = element;
  const nested = (typeName: string): ParquetColumn => ({ name, type: "nested", typeName, factor: 1 });
  if (children.length > 0) {
    if (converted === "LIST" || logical?.type === "LIST") return isFlat(children) ? { ...nested("lists"), lists: true } : nested("lists");
    return nested(converted === "MAP" || logical?.type === "MAP" ? "maps" : "structs");
  }
  if (repetition === "REPEATED") return nested("lists");
  switch (logical?.type) {
    case "TIMESTAMP":
      return { name, type: "date", factor: 1 };
    case "DATE":
      // Without the older annotation beside it the reader gives days.
      return { name, type: "date", factor: converted === "DATE" ? 1 : day };
    case "DECIMAL":
      return { name, type: "number", factor: converted === "DECIMAL" ? 1 : 10 ** -scale };
    case "GEOMETRY":
    case "GEOGRAPHY":
    case "VARIANT":
    case "BSON":
    case "INTERVAL":
    case "FILE":
      return nested(`values of the type ${logical.type}`);
    case "UUID":
      return { name, type: "text", factor: 1 };
    default:
  }
  if (converted === "DATE" || converted === "TIMESTAMP_MILLIS" || converted === "TIMESTAMP_MICROS" || type === "INT96") {
    return { name, type: "date", factor: 1 };
  }
  if (converted === "BSON" || converted === "INTERVAL") return nested(`values of the type ${converted}`);
  if (converted === "DECIMAL" || logical?.type === "FLOAT16") return { name, type: "number", factor: 1 };
  if (type === "FIXED_LEN_BYTE_ARRAY") return nested("bytes");
  return { name, type: type === "BYTE_ARRAY" || type === "BOOLEAN" ? "text" : "number", factor: 1 };
}

/** The reader's values as a column. Throws `TypeError` where one is not of the column's type, and `RoundedNumber`. */
export function convertValues({ type, factor, lists }: ParquetColumn, values: readonly unknown[]): ChunkColumn {
  if (type === "text") return { type, values: values.map(asText) };
  if (lists === true) return { type: "lists", values: values.map(asList) };
  if (type === "nested") throw new TypeError("it holds no single values");
  return { type, values: Float64Array.from(values, (value, index) => asNumber(value, index) * factor) };
}

/** A list of single values, and not of lists or structs: one group of one leaf. */
function isFlat([group, ...others]: SchemaTree["children"]): boolean {
  const [leaf, ...further] = group?.children ?? [];
  const { type, converted_type: converted, logical_type: logical } = leaf?.element ?? {};
  const isSingle = leaf?.children.length === 0 && others.length === 0 && further.length === 0;
  const isText = type === "BYTE_ARRAY" && (converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING");
  const isNumber = (type === "INT32" || type === "INT64" || type === "FLOAT" || type === "DOUBLE") && isPlain(converted, logical?.type);
  return isSingle && (isText || isNumber || type === "BOOLEAN");
}

function isPlain(converted: string | undefined, logical: string | undefined): boolean {
  return (converted === undefined || /^U?INT_/.test(converted)) && (logical === undefined || logical === "INTEGER");
}

function asList(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const list = Array.isArray(value) || ArrayBuffer.isView(value) ? singles(Array.from(value as ArrayLike<unknown>)) : undefined;
  if (list === undefined) throw new TypeError("it holds something else among its lists");
  return listText(list);
}

function asText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return presentText(value);
  if (typeof value === "boolean") return String(value);
  throw new TypeError(`it holds a ${typeof value} among its texts`);
}

/** A whole number that a double cannot hold. */
export class RoundedNumber extends Error {
  override readonly name = "RoundedNumber";
  readonly value: bigint;
  readonly index: number;

  constructor(value: bigint, index: number) {
    super(`the whole number ${value} cannot be held exactly`);
    this.value = value;
    this.index = index;
  }
}

/** NaN for what is missing. */
function asNumber(value: unknown, index: number): number {
  if (value === null || value === undefined) return Number.NaN;
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof value === "bigint" && BigInt(Number(value)) !== value) throw new RoundedNumber(value, index);
  if (typeof number !== "number") throw new TypeError(`it holds a ${typeof value} among its numbers`);
  return number;
}

function decode(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : textDecoder.decode(bytes);
}

/** Columns that may lack values hand the gaps over too. */
function optional<T>(value: T | undefined | null, convert: (present: T) => number): number | undefined {
  return value === undefined || value === null ? undefined : convert(value);
}

import { z } from "zod";
import type { RunEvent } from "../../experiment/record.ts";
import type { RecordedEvent } from "../contract.ts";
import { parseJson } from "./run-row.ts";
import type { Columns, Row } from "./sqlite.ts";
import { corrupt } from "./store-error.ts";

const eventKind = z.enum(["state", "note", "warning", "non-finite", "checkpoint", "best", "finding"]);
/** NaN is written as null; stores of the first version have null for what is infinite too. A literal beyond all doubles is read as infinite. */
const value = z.union([z.string(), z.number(), z.literal([Infinity, -Infinity]), z.boolean(), z.null().transform(() => NaN)]);
const eventDetail = z.record(z.string(), value);

/** JSON of an event's detail, with every number that it may hold: JSON has no word for Infinity, but no limit for its literals. */
export function detailText(detail: NonNullable<RunEvent["detail"]>): string {
  const entries = Object.entries(detail).map(([name, held]) => `${JSON.stringify(name)}:${valueText(held)}`);
  return `{${entries.join(",")}}`;
}

function valueText(value: string | number | boolean): string {
  if (value === Infinity) return "1e999";
  return value === -Infinity ? "-1e999" : JSON.stringify(value);
}

/** Reads a row of `event`. Throws `RunStoreError` where a column does not hold what it must. */
export function readEvent(row: Row, columns: Columns, path: string): RecordedEvent {
  const kind = eventKind.safeParse(columns.text(row, "kind"));
  if (!kind.success) throw corrupt(path, "an event is of no known kind", kind.error);
  const detail = columns.textOrNull(row, "detail");
  return {
    id: columns.number(row, "id"),
    kind: kind.data,
    step: columns.number(row, "step"),
    at: columns.number(row, "at"),
    message: columns.text(row, "message"),
    ...(detail === null ? {} : { detail: parseJson(detail, eventDetail, "detail", path) }),
  };
}

import { z } from "zod";
import type { RecordedEvent } from "../contract.ts";
import { parseJson } from "./run-row.ts";
import type { Columns, Row } from "./sqlite.ts";
import { corrupt } from "./store-error.ts";

const eventKind = z.enum(["state", "note", "warning", "non-finite", "checkpoint", "best", "finding"]);
const eventDetail = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

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

import { z } from "zod";
import { taskKindNames } from "../../experiment/task-kinds.ts";
import type { MetricTable, RunDescription, RunResult } from "../../experiment/record.ts";
import type { ProcessIdentity, RecordedStatus, RunSummary, RunUserColumns } from "../contract.ts";
import type { Columns, Row } from "./sqlite.ts";
import { corrupt } from "./store-error.ts";

/** The row of `run` as it was recorded; `status` is not yet corrected by evidence. */
export interface RunRow extends Omit<RunSummary, "folder" | "status"> {
  readonly status: RecordedStatus;
  /** What was found out about the machine when the run was made. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is known of a run when it is made. */
export type NewRun = Pick<
  RunRow,
  "id" | "name" | "experimentFile" | "balancer" | "seed" | "createdAt" | "git" | "versions" | "environment" | "overrides"
>;

const recordedStatus = z.enum(["queued", "starting", "running", "stopping", "completed", "stopped", "failed"]);
const texts = z.array(z.string());
const dictionary = z.record(z.string(), z.string());
const git = z.object({ commit: z.string(), dirty: z.boolean() });
/** JSON has no NaN or Infinity; they are written as null and read back as NaN. */
const value = z
  .number()
  .nullable()
  .transform((read) => read ?? NaN);
const metricsOfTask = z.record(z.string(), value);
const metricTable: z.ZodType<MetricTable> = z.object({
  train: z.record(z.string(), metricsOfTask).exactOptional(),
  validation: z.record(z.string(), metricsOfTask).exactOptional(),
  test: z.record(z.string(), metricsOfTask).exactOptional(),
});
const split = z.object({ train: z.number(), validation: z.number(), test: z.number() });
const description: z.ZodType<RunDescription> = z.object({
  tasks: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(taskKindNames),
      headlineMetric: z.string(),
      metrics: z.array(z.object({ name: z.string(), better: z.enum(["higher", "lower"]), unit: z.enum(["share", "plain"]) })),
      classes: texts,
    }),
  ),
  parameters: z.array(
    z.object({
      name: z.string(),
      layer: z.string(),
      weight: z.string(),
      shape: z.array(z.number()),
      size: z.number(),
      reach: z.enum(["common", "owned", "frozen"]),
      tasks: texts,
    }),
  ),
  ownership: z.enum(["exact", "attributed"]),
  optimizer: z.string().exactOptional(),
  backend: z.string(),
  compiled: z
    .discriminatedUnion("works", [z.object({ works: z.literal(true) }), z.object({ works: z.literal(false), reason: z.string() })])
    .exactOptional(),
  stepsPerEpoch: z.number(),
  totalSteps: z.number(),
  epochs: z.number(),
  rows: split,
});
const result: z.ZodType<RunResult> = z.object({
  metrics: metricTable,
  dominance: z.object({ trunk: z.record(z.string(), value), parameters: z.record(z.string(), z.record(z.string(), value)) }),
  bestStep: z.number().nullable(),
  speed: z.object({ rowsPerSecond: z.number(), waiting: z.number(), peakRssMiB: z.number() }).exactOptional(),
});

/** Reads the one row of `run`. Throws `RunStoreError` where a column does not hold what it must. */
export function readRunRow(row: Row, columns: Columns, path: string): RunRow {
  const json = <T>(name: string, type: z.ZodType<T>): T => parseJson(columns.text(row, name), type, name, path);
  const jsonOrNull = <T>(name: string, type: z.ZodType<T>): T | null => (row[name] === null ? null : json(name, type));
  const pid = columns.numberOrNull(row, "owner_pid");
  const started = columns.textOrNull(row, "owner_started");
  const owner: ProcessIdentity | null = pid === null || started === null ? null : { pid, started };
  const user: RunUserColumns = {
    title: columns.textOrNull(row, "title"),
    tags: json("tags", texts),
    note: columns.textOrNull(row, "note"),
    starred: columns.number(row, "starred") !== 0,
    archived: columns.number(row, "archived") !== 0,
  };
  return {
    id: columns.text(row, "id"),
    name: columns.text(row, "name"),
    experimentFile: columns.text(row, "experiment_file"),
    balancer: columns.text(row, "balancer"),
    seed: columns.number(row, "seed"),
    status: checked(columns.text(row, "status"), recordedStatus, "status", path),
    reason: columns.textOrNull(row, "reason"),
    owner,
    createdAt: columns.number(row, "created_at"),
    startedAt: columns.numberOrNull(row, "started_at"),
    endedAt: columns.numberOrNull(row, "ended_at"),
    heartbeatAt: columns.numberOrNull(row, "heartbeat_at"),
    step: columns.number(row, "step"),
    epoch: columns.number(row, "epoch"),
    description: jsonOrNull("description", description),
    result: jsonOrNull("result", result),
    latest: json("latest", metricTable),
    git: jsonOrNull("git", git),
    versions: json("versions", dictionary),
    environment: json("environment", dictionary),
    overrides: json("overrides", texts),
    user,
  };
}

export function parseJson<T>(text: string, type: z.ZodType<T>, name: string, path: string): T {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw corrupt(path, `column ${name} is not JSON`, error);
  }
  return checked(parsed, type, name, path);
}

function checked<T>(value: unknown, type: z.ZodType<T>, name: string, path: string): T {
  const outcome = type.safeParse(value);
  if (outcome.success) return outcome.data;
  throw corrupt(path, `column ${name} holds something else`, outcome.error);
}

import type { MetricTable, RunDescription, RunEvent, RunResult } from "../experiment/record.ts";

/**
 * The run folder's contract: `.taskscope/runs/<run-id>/` with `config.mtl.yaml`, `run.sqlite`, `trainer.log`, `checkpoints/`, and
 * `modules/` with the run's copy of the user's own code.
 * The trainer alone writes what is recorded; others write only requests and the user's own columns.
 */

/** Version of the store (`PRAGMA user_version`). Older files are migrated, newer ones refused. */
export const storeVersion = 1;

export const runFiles = {
  config: "config.mtl.yaml",
  store: "run.sqlite",
  log: "trainer.log",
  checkpoints: "checkpoints",
} as const;

/** Sorts by time and carries the experiment's name: `20261123-230507-123-multi-mnist`. */
export type RunId = string;

/** What the store says. */
export type RecordedStatus = "queued" | "starting" | "running" | "stopping" | "completed" | "stopped" | "failed";

/** What is shown: the recorded status, corrected by evidence. `crashed`: the owner is gone without a terminal row. */
export type RunStatus = RecordedStatus | "crashed";

export const terminalStatuses: readonly RunStatus[] = ["completed", "stopped", "failed", "crashed"];

/** A process and when it started, so that a reused pid is not mistaken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque, equal for the same process only (boot-relative start ticks, or the start time the system reports). */
  readonly started: string;
}

/** One run as readers see it. Times are milliseconds since 1970. */
export interface RunSummary {
  readonly id: RunId;
  readonly folder: string;
  /** Name of the experiment. */
  readonly name: string;
  /** Path of the experiment file when the run was made; the file may have changed or gone since. */
  readonly experimentFile: string;
  readonly balancer: string;
  readonly seed: number;
  readonly status: RunStatus;
  /** Why it ended as it did, where there is something to say. */
  readonly reason: string | null;
  readonly owner: ProcessIdentity | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly heartbeatAt: number | null;
  /** Steps done. */
  readonly step: number;
  /** Fractional epoch. */
  readonly epoch: number;
  readonly description: RunDescription | null;
  readonly result: RunResult | null;
  /** Latest validation metrics, for the headline. */
  readonly latest: MetricTable;
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  readonly versions: Readonly<Record<string, string>>;
  /** Overrides given on the command line, as `path=value`. */
  readonly overrides: readonly string[];
  readonly user: RunUserColumns;
}

/** What the user says of a run; the only columns besides requests that anyone but the trainer may write. */
export interface RunUserColumns {
  readonly title: string | null;
  readonly tags: readonly string[];
  readonly note: string | null;
  readonly starred: boolean;
  readonly archived: boolean;
}

export interface SeriesInfo {
  readonly name: string;
  /** Numbers per point: 1 for scalars. */
  readonly width: number;
  readonly points: number;
  readonly firstStep: number;
  readonly lastStep: number;
}

/** Points of one scalar series. A value that is not finite is kept as it is: gaps are drawn, not hidden. */
export interface Points {
  readonly steps: Float64Array;
  readonly values: Float64Array;
}

/** Points of a vector series, row after row. */
export interface VectorPoints {
  readonly steps: Float64Array;
  readonly width: number;
  readonly values: Float32Array;
}

/** A span of a series reduced to at most `columns` columns; each keeps first, least, greatest and last as real points. */
export interface SeriesWindow {
  readonly name: string;
  readonly points: Points;
  /** True when points were left out between the kept ones. */
  readonly reduced: boolean;
  /** Points in the span before reduction. */
  readonly total: number;
}

export interface SnapshotInfo {
  /** Grows with every map that is recorded. */
  readonly id: number;
  readonly step: number;
  readonly epoch: number;
  readonly parameter: string;
}

export type RequestKind = "stop" | "checkpoint";

export interface RecordedEvent extends RunEvent {
  readonly id: number;
}

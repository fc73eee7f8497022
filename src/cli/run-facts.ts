import type { MetricTable, DominanceTable } from "../experiment/record.ts";
import type { RunSummary } from "../runs/contract.ts";
import { findRoot } from "../runs/run-folder.ts";
import { isEnded, type RunEntry } from "../runs/registry.ts";
import { join } from "node:path";

/** The last line of `run --json`. */
export interface RunOutcome {
  readonly run: string;
  readonly status: string;
  readonly seed: number;
  readonly backend: string | null;
  readonly seconds: number;
  readonly metrics: MetricTable;
  readonly dominance: DominanceTable;
  /** Rows trained on in a second, and the share of the steps' time that was spent getting batches. */
  readonly data?: { readonly rowsPerSecond: number; readonly waiting: number };
  /** The most memory that the trainer has held. */
  readonly memory?: { readonly peakRssMiB: number };
  /** Only where there is something to say. */
  readonly reason?: string;
}

export function outcomeOf(run: RunSummary, now: number = Date.now()): RunOutcome {
  return {
    run: run.id,
    status: run.status,
    seed: run.seed,
    backend: run.description?.backend ?? null,
    seconds: secondsOf(run, now),
    metrics: { ...run.latest, ...run.result?.metrics },
    dominance: run.result?.dominance ?? { trunk: {}, parameters: {} },
    ...speedOf(run),
    ...(run.reason === null ? {} : { reason: run.reason }),
  };
}

function speedOf({ result }: RunSummary): Pick<RunOutcome, "data" | "memory"> {
  if (result?.speed === undefined) return {};
  const { rowsPerSecond, waiting, peakRssMiB } = result.speed;
  return { data: { rowsPerSecond, waiting }, memory: { peakRssMiB } };
}

/** One element of `list --json`. */
export interface ListedRun {
  readonly run: string;
  readonly name: string;
  readonly status: string;
  readonly pid: number | null;
  /** When it started, as ISO 8601; when it was made, before that. */
  readonly started: string | null;
  readonly seconds: number;
  /** Share of the steps that are done; null until they are counted. */
  readonly progress: number | null;
  /** Why it cannot be read; only then. */
  readonly problem?: string;
}

export function listedRun(entry: RunEntry, now: number = Date.now()): ListedRun {
  if (entry.kind === "unreadable") {
    const nothing = { name: entry.id, status: "unreadable", pid: null, started: null, seconds: 0, progress: null };
    return { run: entry.id, ...nothing, problem: entry.message };
  }
  const { summary: run } = entry;
  return {
    run: run.id,
    name: run.name,
    status: run.status,
    pid: run.owner?.pid ?? null,
    started: new Date(run.startedAt ?? run.createdAt).toISOString(),
    seconds: secondsOf(run, now),
    progress: progressOf(run),
  };
}

export function progressOf({ description, step }: RunSummary): number | null {
  return description === null || description.totalSteps === 0 ? null : Math.min(1, step / description.totalSteps);
}

/** How long it ran: to its end, to its last sign of life, or until now. */
export function secondsOf(run: RunSummary, now: number): number {
  if (run.startedAt === null) return 0;
  const end = run.endedAt ?? (isEnded(run) ? (run.heartbeatAt ?? run.startedAt) : now);
  return Math.max(0, end - run.startedAt) / 1000;
}

/** The workspace that a command called here is about: that of an experiment file in this folder. */
export function currentRoot(): string {
  return findRoot(join(process.cwd(), "experiment.mtl.yaml"));
}

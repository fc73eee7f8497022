import { type RecordedStatus, type RunStatus, terminalStatuses } from "../contract.ts";

/** What is known of the process that owns a run. `unknown`: it belongs to another machine, or cannot be looked at. */
export type Liveness = "alive" | "gone" | "unknown";

export interface StatusEvidence {
  readonly status: RecordedStatus;
  readonly reason: string | null;
  readonly owner: { readonly pid: number } | null;
  readonly createdAt: number;
  readonly heartbeatAt: number | null;
}

export interface DecidedStatus {
  readonly status: RunStatus;
  readonly reason: string | null;
}

/** A run for which no trainer was started by then never will have one. */
const startGraceMs = 30_000;
/** A trainer on another machine is believed to be gone when it was not heard of for so long. */
const silenceMs = 30_000;

/** The status that is shown: a terminal row is final, everything else needs a living owner. Pure. */
export function decideStatus(row: StatusEvidence, liveness: Liveness, now: number): DecidedStatus {
  const recorded: DecidedStatus = { status: row.status, reason: row.reason };
  if (terminalStatuses.includes(row.status)) return recorded;
  if (row.owner === null) {
    return now - row.createdAt <= startGraceMs ? recorded : crashed("No trainer was ever started for this run. Run the experiment again.");
  }
  switch (liveness) {
    case "alive":
      return recorded;
    case "gone":
      return crashed(
        row.heartbeatAt === null
          ? "The trainer ended before it could begin. Its trainer.log says more."
          : "The trainer ended without a word: it was killed, ran out of memory, or the machine went down. What it recorded is kept.",
      );
    case "unknown":
      return now - (row.heartbeatAt ?? row.createdAt) <= silenceMs
        ? recorded
        : crashed("The trainer runs on another machine, or ran before a restart, and was not heard of any more. What it recorded is kept.");
  }
}

function crashed(reason: string): DecidedStatus {
  return { status: "crashed", reason };
}

import type { RunDescription } from "../../../src/experiment/record.ts";
import type { Points, RecordedEvent, RunSummary, SnapshotInfo, VectorPoints } from "../../../src/runs/contract.ts";

/** A whole run in memory, as the store would give it. */
export interface RecordedRun {
  readonly summary: RunSummary & { readonly description: RunDescription };
  readonly scalars: ReadonlyMap<string, Points>;
  readonly vectors: ReadonlyMap<string, VectorPoints>;
  readonly events: readonly RecordedEvent[];
  readonly snapshots: readonly SnapshotInfo[];
  /** `tasks × size` shares of a snapshot, as round(255 · rAU). */
  readonly map: (info: SnapshotInfo) => Uint8Array;
  readonly log: readonly string[];
}

import type { OwnershipMap, RunDescription, RunEvent } from "../experiment/record.ts";
import type { ProcessIdentity } from "../runs/contract.ts";
import type { Ending } from "../runs/store/run-writer.ts";

/** What passes between the training thread and the store thread of one trainer process. */

export interface StoreThreadData {
  readonly role: "store";
  readonly folder: string;
  readonly owner: ProcessIdentity;
  /** The step after which the run goes on; null for one that begins. */
  readonly resumeAt: number | null;
  /** `flagCount` 32-bit words, see `flag`. */
  readonly flags: SharedArrayBuffer;
  /** The first `PointRing`. */
  readonly ring: SharedArrayBuffer;
}

export function isStoreThreadData(data: unknown): data is StoreThreadData {
  return typeof data === "object" && data !== null && "role" in data && data.role === "store";
}

/** Words of the shared flags, which the training thread reads between two steps without waiting for messages. */
export const flag = {
  /** 1 once the run shall end after its step. */
  stop: 0,
  /** Checkpoints asked for so far. */
  checkpoints: 1,
} as const;
export const flagCount = 2;

/** Number under which the ring of points tells how far the training is: its step, and its epoch. Series are numbered from 1. */
export const progressSeries = 0;

export type ToStore =
  /** The next number stands for a series of points with so many values. Comes before its first point is in the ring. */
  | { readonly kind: "series"; readonly name: string; readonly width: number }
  /** Points come in another ring from now on; nothing more is written into the one before. */
  | { readonly kind: "ring"; readonly ring: SharedArrayBuffer }
  | { readonly kind: "snapshot"; readonly step: number; readonly epoch: number; readonly maps: readonly OwnershipMap[] }
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "describe"; readonly description: RunDescription }
  | { readonly kind: "versions"; readonly versions: Readonly<Record<string, string>> }
  /** The training stands where it was at `resumeAt`: what was recorded after that goes. */
  | { readonly kind: "resume"; readonly epoch: number }
  | { readonly kind: "stopping" }
  | { readonly kind: "end"; readonly ending: Ending };

export type FromStore =
  | { readonly kind: "ready"; readonly journal: string }
  | { readonly kind: "refused"; readonly message: string }
  /** Somebody else asked for the stop. */
  | { readonly kind: "stop-requested" }
  /** Recording has stopped; the run ends with this reason. */
  | { readonly kind: "failed"; readonly message: string; readonly stack: string }
  /** The terminal row is written (or could not be, and why), the store is closed. */
  | { readonly kind: "ended"; readonly error: string | null };

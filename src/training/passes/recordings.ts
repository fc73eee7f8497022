import type { Batch } from "../batches.ts";
import type { PassWish } from "./pass.ts";

/** One operation that was made. */
export interface OperationRun {
  readonly operation: string;
  readonly outputs: readonly { readonly shape: readonly number[]; readonly bytes: number }[];
  /** Of itself alone. */
  readonly ms: number;
}

export type OperationWatch = (run: OperationRun) => void;

/** What passes that run recordings tell of them, whatever a recording is made of. */
export interface Recordings {
  /** Those that are used. */
  list(): readonly RecordingFacts[];
  /**
   * Makes the operations of a pass over this batch one after the other, and tells of each; false, and nothing, where such a pass is made
   * plainly. Changes nothing. Lives within the tensor scope that is open.
   */
  eachOperation(batch: Batch, wish: PassWish, watch: OperationWatch): boolean;
}

export interface RecordingFacts {
  /** Positions of the tasks that have labels in a batch. */
  readonly tasks: readonly number[];
  /** Whether the others have stand-ins. */
  readonly standIns: boolean;
  readonly operations: number;
}

import type { Experiment } from "../experiment/schema.ts";
import type { RunResult } from "../experiment/record.ts";
import type { Control, Recorder } from "./recorder.ts";

/** What one training needs to know. */
export interface TrainingRequest {
  readonly experiment: Experiment;
  /** Folder against which paths in the experiment are resolved. */
  readonly baseFolder: string;
  /** Folder that receives `step-N/` checkpoints; created when missing. */
  readonly checkpointFolder: string;
}

export type TrainingEnd =
  | { readonly kind: "completed"; readonly result: RunResult }
  | { readonly kind: "stopped"; readonly result: RunResult };

/**
 * Trains one experiment from its first step to its end, and tests it with the best checkpoint.
 * Throws `TrainingError` where training cannot go on (data, shapes, non-finite losses).
 */
export async function train(_request: TrainingRequest, _recorder: Recorder, _control: Control): Promise<TrainingEnd> {
  throw new Error("Being built.");
}

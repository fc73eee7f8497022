import type { Batch } from "../batches.ts";
import type { Pass } from "../passes/pass.ts";
import type { OperationWatch } from "../passes/recordings.ts";
import type { Distrust } from "./checked-graph.ts";
import type { Habits } from "./habits.ts";
import type { CompiledParts } from "./compiled-passes.ts";
import type { RecordingParts } from "./recorded-pass.ts";

/** What passes over batches of one kind are made from. */
export interface Recording {
  /** Operations, without what is fed and what is constant. */
  readonly operations: number;
  /** A pass over a batch that is made as the recorded one was. Undefined where the recording does not hold for its values. */
  forward(parts: RecordingParts, batch: Batch, habit: string): Pass | undefined;
  /** The losses of such a pass, which moves no statistics; undefined as with `forward`. */
  losses(parts: RecordingParts, batch: Batch): readonly (number | undefined)[] | undefined;
  /**
   * Whether it computes all that this pass tells; the noise and the statistics are as before it. Undefined where these rows cannot tell:
   * the recording does not hold for them, or the losses are not finite.
   */
  agreesWith(plain: Pass, parts: RecordingParts, batch: Batch): boolean | undefined;
  /** Makes the operations that a pass of this habit comes to one after the other. Draws noise. */
  eachOperation(parts: RecordingParts, batch: Batch, habit: string, watch: OperationWatch): void;
  dispose(): void;
}

/** What a recording goes by that came of passes before, and what it adds to it. */
export interface RecordingMemory {
  readonly habits: Habits;
  /** What was computed wrongly before, and who is told of it: `note` says what follows from it. */
  readonly distrust: (note: (why: string) => string) => Distrust;
}

/** A backend whose passes can be recorded, and run from the recording. */
export interface PassCompiler {
  /** Records as `recordPass` does. Throws `NotRecordable`, or what went wrong where a recording cannot be opened. */
  compile(parts: CompiledParts, batch: Batch, standIns: boolean, memory: RecordingMemory): Recording;
  /** Lets go of what recordings share. */
  dispose(): void;
}

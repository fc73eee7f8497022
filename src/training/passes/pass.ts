import type { Batch } from "../batches.ts";
import type { WayBack } from "../gradients/way-back.ts";
import type { HeldGradients } from "./held-gradients.ts";
import type { Recordings } from "./recordings.ts";

/** One forward pass over a batch in training mode. Lives within the tensor scope in which it was made; whoever asks for it disposes it. */
export interface Pass {
  /** Of every task, `[rows, …]`, row-major. */
  readonly outputs: readonly Float32Array[];
  /** Undefined for a task without a label in the batch. */
  readonly losses: readonly (number | undefined)[];
  /** Whole backward walks made so far: from the losses, or from where they come together, down to the first layer. */
  readonly walks: number;
  /**
   * The way back from the losses of some tasks, in this order. A task without a label takes part with something else that depends on what
   * its loss would, where stand-ins were asked for, and is left out elsewhere. The parameters may have moved since: it is that from where
   * they were.
   */
  back(tasks: readonly number[]): WayBack;
  /** The same from all tasks, where the gradients can stay where they are, and the optimizer's step be made there. */
  hold?(): HeldGradients | undefined;
  dispose(): void;
}

export interface PassWish {
  /** Absent tasks need something that stands in for their losses. */
  readonly standIns?: boolean;
  /** The gradients of all tasks must not be there at once. */
  readonly recompute?: boolean;
  /** Of passes of one kind, the same ways back will most likely be asked for. */
  readonly kind: string;
}

/** Where forward passes come from. */
export interface Passes {
  /** Of passes that may be compiled. */
  readonly recordings?: Recordings;
  forward(batch: Batch, wish: PassWish): Pass;
  /** The losses alone. */
  losses(batch: Batch): readonly (number | undefined)[];
  /** What there is to say of how passes are made since this was asked last. */
  takeNotes(): readonly string[];
  /** What it goes by that came of passes before, as plain data. */
  save(): PassMemory;
  restore(memory: PassMemory): void;
  dispose(): void;
}

/** What passes go by that came of those before. Part of a checkpoint: other ways of computing the same are rounded otherwise. */
export interface PassMemory {
  /** By kind of pass, what was asked for last. */
  readonly habits: Readonly<Record<string, PassHabit>>;
  /** Why passes are not compiled; null where they are, or it is not known yet. */
  readonly refusal: string | null;
  /** By the kind of other rows than most passes have, why passes over them are not compiled; missing in older checkpoints. */
  readonly refused?: Readonly<Record<string, string>> | undefined;
  /** What a compiled pass was asked for that TensorFlow's graph computed wrongly. */
  readonly distrusted: readonly string[];
  /** How often a set of some of the tasks came, until it was recorded. */
  readonly sets: Readonly<Record<string, number>>;
  /** How many passes there were until it was told how many were compiled; null from then on. */
  readonly passes: number | null;
  /** How many of them were not compiled, by the reason. */
  readonly plain: Readonly<Record<string, number>>;
}

export const noMemory: PassMemory = { habits: {}, refusal: null, distrusted: [], sets: {}, passes: 0, plain: {} };

/** What was asked of the last pass of its kind, and is most likely asked of the next. */
export interface PassHabit {
  /** Values of the way back, in the order in which they were asked for. */
  readonly names: readonly string[];
  /** Values that were left where they are. */
  readonly held?: readonly string[] | undefined;
  /** Passes since gradients were first held in vain, and not once otherwise. */
  readonly vain?: number | undefined;
  /** Passes since products of the gradients were found to be lost in those of their factors, and not once otherwise. */
  readonly formed?: number | undefined;
  /** Of the last sum that was asked for. */
  readonly weights?: readonly number[] | undefined;
  /** The pass before was asked for the same values. */
  readonly isRepeated: boolean;
  /** And with the same weights: all of it can be computed before it is asked for. */
  readonly isKnown: boolean;
}

import type { Batch } from "./batches.ts";
import { BatchObservation, type Observation, type WayKind } from "./observation.ts";
import { inTensorScope } from "./tensor-scope.ts";
import { WindowObservation, type Window, type WindowParts } from "./window.ts";

/** The rows of one step: those of a batch, or of a window of batches. */
export interface StepRows {
  /** What is seen of them, of these tasks alone where some are named. */
  observe(way: WayKind, tasks?: readonly number[]): Observation;
  /** Tasks that have a label among them, increasing. */
  labelled(): readonly number[];
  /** As many further rows as the method draws. */
  readonly further: readonly Window[];
}

/** A batch that is on the engine already. */
export function batchRows(parts: WindowParts, batch: Batch, further: readonly Batch[]): StepRows {
  return {
    observe: (way, tasks) => new BatchObservation(parts, withTargets(batch, tasks), way),
    labelled: () => labelledIn(batch),
    further: further.map((each) => [() => each]),
  };
}

export function windowRows(parts: WindowParts, window: Window, further: readonly Window[]): StepRows {
  return {
    observe: (_, tasks) =>
      new WindowObservation(
        parts,
        window.map((make) => () => withTargets(make(), tasks)),
      ),
    labelled: () => [...new Set(window.flatMap((make) => inTensorScope(() => labelledIn(make()))))].sort((a, b) => a - b),
    further,
  };
}

function withTargets(batch: Batch, tasks: readonly number[] | undefined): Batch {
  if (tasks === undefined) return batch;
  return { ...batch, targets: batch.targets.map((each, task) => (tasks.includes(task) ? each : undefined)) };
}

function labelledIn({ targets }: Batch): number[] {
  return targets.flatMap((each, task) => (each === undefined ? [] : [task]));
}

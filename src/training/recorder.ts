import type { OwnershipMap, RunDescription, RunEvent, RunSpeed } from "../experiment/record.ts";

/** Where training hands over what it measures. The trainer process gives it a run store; tests give it a list. */
export interface Recorder {
  /** Before the first step, and again where later steps tell more. */
  describe(description: RunDescription): void;
  /** Once, before the first step of a training that goes on after `step`: what was recorded of later steps is void. */
  resume(step: number, epoch: number): void;
  /** One value of a series. Steps of one series never decrease. */
  scalar(series: string, step: number, value: number): void;
  /** One vector of a series; its width is the same at every step. */
  vector(series: string, step: number, values: Float32Array): void;
  snapshot(step: number, epoch: number, maps: readonly OwnershipMap[]): void;
  event(event: RunEvent): void;
  /** After each step: `step` steps are done, `epoch` is the fractional epoch. */
  progress(step: number, epoch: number): void;
  /** Once, after the last step. */
  speed?(speed: RunSpeed): void;
}

/** What others ask of a running training; looked at between two steps. */
export interface Control {
  /** Finish the step, write a checkpoint, and end. */
  stopRequested(): boolean;
  /** True once for each requested checkpoint. */
  takeCheckpointRequest(): boolean;
}

import type { Dataset } from "./dataset.ts";
import type { InputMeasure } from "./input-measure.ts";

/**
 * Data that is read, split and measured, and not yet encoded. In between, several sources settle how their inputs enter the network that all
 * of them feed.
 */
export interface OpenedData {
  /** What the training rows say of each part of the inputs that is fitted to them; empty where nothing is. */
  readonly measures: readonly InputMeasure[];
  /** The data set, its inputs encoded after these measures: its own, or those of several sources together. Can be done once. */
  finish(measures: readonly InputMeasure[]): Promise<Dataset> | Dataset;
  /** Gives back what was read, where it is not finished. */
  close?(): Promise<void>;
}

import type { PaceRule } from "./pace-rule.ts";

/** Names of the accumulators that its rule uses: without momentum there is an empty one. */
export function accumulatorsOf({ buffers }: OptimizerSlot): readonly string[] {
  return Object.entries(buffers).flatMap(([name, values]) => (values.length > 0 ? [name] : []));
}

/** An optimizer's memory for one tensor, or in AdaTask for one tensor and one task. */
export interface OptimizerSlot {
  /** Steps taken; a tensor that no present task reaches takes none. */
  count: number;
  /** The live accumulators by name, for checkpoints. */
  readonly buffers: Readonly<Record<string, Float32Array>>;
  /** Takes the gradient in and writes the step Δ at the learning rate η = `rate` into `update`; the caller subtracts it. */
  step(gradient: Float32Array, rate: number, update: Float32Array): void;
  /** How far a gradient of weight 1 moved its element in the last step, made at the rate η, through the accumulators as they are. */
  pace(rate: number): PaceRule;
}

/** An optimizer's memory for one tensor, or in AdaTask for one tensor and one task. */
export interface OptimizerSlot {
  /** Steps taken; a tensor that no present task reaches takes none. */
  count: number;
  /** The live accumulators by name, for checkpoints. */
  readonly buffers: Readonly<Record<string, Float32Array>>;
  /** Takes the gradient in and writes the step Δ at the learning rate η = `rate` into `update`; the caller subtracts it. */
  step(gradient: Float32Array, rate: number, update: Float32Array): void;
  /**
   * The part `η w g / (√v̂ + ε)` of the last step, made at the rate η, that is due to a gradient `g` of weight `w`, through the
   * accumulators as they are. Written into `update`; changes no state.
   */
  attribute(gradient: Float32Array, weight: number, rate: number, update: Float32Array): void;
}

/** A gradient that one loss alone gives a variable. */
export interface OwnGradient<V = Float32Array> {
  /** Position of the loss. */
  readonly loss: number;
  readonly values: V;
}

/** Gradients by variable id. */
export type VariableGradients<V = Float32Array> = ReadonlyMap<number, V>;

/** Is told of a variable once, with one gradient a loss (undefined where the loss does not depend on it). */
export type LockStepVisitor<V = Float32Array> = (variable: number, gradients: readonly (V | undefined)[]) => void;

/**
 * The way back from several losses, to the variables that one of them alone depends on and to those that several do. `V` is what is
 * told of a gradient: its numbers.
 */
export interface WayBack<V = Float32Array> {
  /** How many losses it starts from; their positions count from 0. */
  readonly losses: number;
  /** Gradients of the variables that one loss alone depends on, by variable id. */
  readonly own: ReadonlyMap<number, OwnGradient<V>>;
  /**
   * Gradients of each loss for the representation: results of the network, as the trunk's output, that several losses depend on and
   * that go into an operation on which only one does. One row a loss, a block a tensor of the representation (undefined where that loss
   * does not take it in); rows without blocks where the losses have nothing in common.
   */
  representation(): readonly (readonly (V | undefined)[])[];
  /** Gradients of Σ w_i L_i for the variables that several losses depend on. One walk. */
  summed(weights: readonly number[]): VariableGradients<V>;
  /** Gradients of one loss for the variables that it and others depend on. One walk. */
  alone(position: number): VariableGradients<V>;
  /**
   * Tells of each variable that several losses depend on, of `variables` alone where they are given: no two variables' gradients need be
   * there at once.
   */
  inLockStep(visit: LockStepVisitor<V>, variables?: ReadonlySet<number>): void;
}

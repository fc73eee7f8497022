/** Why a training cannot go on. `message` tells what happened, where, and what to do. */
export type TrainingFault =
  | "non-finite" // losses or gradients were not finite for too long, or the policy is to fail at once
  | "reach" // a parameter is not reached by the tasks it was built for
  | "no-gradient" // an operation of the model has no gradient
  | "second-order" // the model takes a gradient itself
  | "checkpoint" // a checkpoint cannot be read, or belongs to another experiment
  | "balancer" // the balancing method refuses what the training gives it
  | "module" // the user's own code went wrong, or does not give what it must
  | "backend" // TensorFlow failed in the middle of a motion
  | "experiment"; // parts of the experiment do not fit together

export class TrainingError extends Error {
  override readonly name = "TrainingError";
  readonly fault: TrainingFault;

  constructor(fault: TrainingFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

import { fullLoss, lossNameOf, type FullLoss, type LossName } from "../../experiment/losses.ts";
import type { Task } from "../../experiment/schema.ts";
import { taskKinds } from "../../experiment/task-kinds.ts";
import type { TaskTargets } from "../data/dataset.ts";
import { classWeightsOf, positiveWeightsOf } from "./class-weights.ts";
import type { LossFunction } from "./loss.ts";
import { absoluteError, cosine, gaussian, huber, squaredError } from "./number-losses.ts";
import { binaryCrossEntropy, binaryFocal, ordinalCrossEntropy } from "./sigmoid-losses.ts";
import { crossEntropy, focal } from "./softmax-losses.ts";

/** The loss of a task as its experiment has it, or the default of its kind. */
export function lossOf(task: Pick<Task, "kind" | "loss">): LossName {
  return task.loss === undefined ? taskKinds[task.kind].losses[0] : lossNameOf(task.loss);
}

/** A task's loss, and how great it is for an answer that is always the same. */
export interface TaskLoss {
  readonly compute: LossFunction;
  /** Upper bound of the mean loss of the best constant answer. */
  readonly ofConstant: number;
}

/** The loss that an experiment gives a task. Throws `DataError` where its options do not fit the task's classes. */
export function taskLoss(task: Pick<Task, "kind" | "loss">, targets: TaskTargets): TaskLoss {
  const name = lossOf(task);
  return made(fullLoss(task.loss ?? name), targets, ["tasks", targets.id, "loss", name]);
}

function made(loss: FullLoss, targets: TaskTargets, path: readonly string[]): TaskLoss {
  const classes = Math.max(2, targets.classes.length);
  if ("cross-entropy" in loss) {
    const { labelSmoothing, classWeights } = loss["cross-entropy"];
    const weights = classWeightsOf(classWeights, targets, [...path, "classWeights"]);
    return { compute: crossEntropy(labelSmoothing, weights), ofConstant: Math.log(classes) * most(weights) };
  }
  if ("focal" in loss) {
    const { gamma, classWeights } = loss.focal;
    const weights = classWeightsOf(classWeights, targets, [...path, "classWeights"]);
    const [no = 1, yes = 1] = weights ?? [];
    return {
      compute: targets.kind === "binary" ? binaryFocal(gamma, [no, yes]) : focal(gamma, weights),
      ofConstant: Math.log(classes) * most(weights),
    };
  }
  if ("binary-cross-entropy" in loss) {
    const weights = positiveWeightsOf(loss["binary-cross-entropy"].positiveWeight, targets, [...path, "positiveWeight"]);
    return { compute: binaryCrossEntropy(weights), ofConstant: Math.log(2) * Math.max(1, most(weights)) };
  }
  if ("ordinal-cross-entropy" in loss) return { compute: ordinalCrossEntropy, ofConstant: (classes - 1) * Math.log(2) };
  if ("mse" in loss) return { compute: squaredError, ofConstant: 1 };
  if ("mae" in loss) return { compute: absoluteError, ofConstant: 1 };
  if ("huber" in loss) return { compute: huber(loss.huber.delta), ofConstant: 1 };
  return { compute: "cosine" in loss ? cosine : gaussian, ofConstant: 1 };
}

function most(weights: Float32Array | undefined): number {
  return weights === undefined ? 1 : Math.max(...weights);
}

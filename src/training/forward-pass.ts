import { sum, type Tensor, type Variable } from "@tensorflow/tfjs-core";
import type { Batch } from "./batches.ts";
import type { TaskTargets } from "./data/dataset.ts";
import { Tape } from "./gradients/tape.ts";
import type { LossFunction } from "./losses/loss.ts";
import type { MultiTaskModel } from "./model/model.ts";

/** What a forward pass is made with. */
export interface PassParts {
  readonly model: MultiTaskModel;
  /** What trains. */
  readonly variables: readonly Variable[];
  /** One a task. */
  readonly losses: readonly LossFunction[];
  readonly tasks: readonly TaskTargets[];
}

/** One forward pass in training mode. Its tensors live as long as the tensor scope; whoever runs it disposes the tape. */
export interface ForwardPass {
  readonly tape: Tape;
  readonly outputs: readonly Tensor[];
  /** Loss of each task, undefined for an absent one. */
  readonly losses: readonly (Tensor | undefined)[];
  /** Of an absent task, something else that depends on what its loss would, where that was asked for. */
  readonly standIns: readonly (Tensor | undefined)[];
}

export function forwardPass(parts: PassParts, batch: Batch, withStandIns = false): ForwardPass {
  const { tape, value } = Tape.record([...parts.variables], () => {
    const outputs = parts.model.forward(batch.inputs, true);
    const losses = lossesOf(parts, batch, outputs);
    const standIns = outputs.map((output, task) => (withStandIns && losses[task] === undefined ? sum(output) : undefined));
    return { outputs: [...outputs], losses, standIns };
  });
  return { tape, ...value };
}

/** Loss of each task, undefined for one without a label in the batch. */
export function lossesOf({ losses }: PassParts, { targets }: Batch, outputs: readonly Tensor[]): (Tensor | undefined)[] {
  return outputs.map((output, task) => {
    const own = targets[task];
    const loss = losses[task];
    return own === undefined || loss === undefined ? undefined : loss(output, own.target, own.rowWeight);
  });
}

export function numberOf(loss: Tensor | undefined): number | undefined {
  return loss?.dataSync<"float32">()[0];
}

import { sum, type Tensor, type Variable } from "@tensorflow/tfjs-core";
import type { Batch } from "../batches.ts";
import { BackwardPass } from "../gradients/backward-pass.ts";
import { Tape } from "../gradients/tape.ts";
import type { WayBack } from "../gradients/way-back.ts";
import type { LossFunction } from "../losses/loss.ts";
import type { MultiTaskModel } from "../model/model.ts";
import { noMemory, type Pass, type PassMemory, type Passes, type PassWish } from "./pass.ts";

/** What a pass is made with. */
export interface PassParts {
  readonly model: MultiTaskModel;
  /** What trains. */
  readonly variables: readonly Variable[];
  /** One a task. */
  readonly losses: readonly LossFunction[];
}

/** A forward pass on a tape. Its tensors live as long as the tensor scope; whoever records it disposes the tape. */
export interface TapedPass {
  readonly tape: Tape;
  readonly outputs: readonly Tensor[];
  /** Undefined for an absent task. */
  readonly losses: readonly (Tensor | undefined)[];
  /** Where the way back begins: the loss, or what stands in for it. */
  readonly seeds: readonly (Tensor | undefined)[];
}

export function tapedPass({ model, variables, losses: functions }: PassParts, batch: Batch, standIns: boolean): TapedPass {
  const { tape, value } = Tape.record([...variables], () => {
    const outputs = model.forward(batch.inputs, true);
    const losses = lossesOf(functions, batch, outputs);
    const seeds = outputs.map((output, task) => losses[task] ?? (standIns ? sum(output) : undefined));
    return { outputs: [...outputs], losses, seeds };
  });
  return { tape, ...value };
}

/** Undefined for a task without a label in the batch. */
export function lossesOf(functions: readonly LossFunction[], { targets }: Batch, outputs: readonly Tensor[]): (Tensor | undefined)[] {
  return outputs.map((output, task) => {
    const own = targets[task];
    const loss = functions[task];
    return own === undefined || loss === undefined ? undefined : loss(output, own.target, own.rowWeight);
  });
}

/** Passes whose operations the engine runs one after the other. */
export class PlainPasses implements Passes {
  readonly #parts: PassParts;

  constructor(parts: PassParts) {
    this.#parts = parts;
  }

  forward(batch: Batch, { standIns = false }: PassWish): Pass {
    return new PlainPass(tapedPass(this.#parts, batch, standIns));
  }

  losses(batch: Batch): readonly (number | undefined)[] {
    const { model, losses } = this.#parts;
    return lossesOf(losses, batch, model.forward(batch.inputs, true)).map(numberOf);
  }

  takeNotes(): readonly string[] {
    return [];
  }

  save(): PassMemory {
    return noMemory;
  }

  restore(): void {
    return;
  }

  dispose(): void {
    return;
  }
}

class PlainPass implements Pass {
  readonly outputs: readonly Float32Array[];
  readonly losses: readonly (number | undefined)[];
  readonly #taped: TapedPass;

  constructor(taped: TapedPass) {
    this.#taped = taped;
    this.losses = taped.losses.map(numberOf);
    this.outputs = taped.outputs.map((output) => output.dataSync<"float32">());
  }

  get walks(): number {
    return this.#taped.tape.walks;
  }

  back(tasks: readonly number[]): WayBack {
    const { tape, seeds } = this.#taped;
    return BackwardPass.from(
      tape,
      tasks.flatMap((task) => seeds[task] ?? []),
    );
  }

  dispose(): void {
    this.#taped.tape.dispose();
  }
}

function numberOf(loss: Tensor | undefined): number | undefined {
  return loss?.dataSync<"float32">()[0];
}

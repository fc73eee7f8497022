import type { Batch } from "./batches.ts";
import { forwardPass, lossesOf, numberOf, type ForwardPass, type PassParts } from "./forward-pass.ts";
import { performanceOf } from "./performance.ts";
import type { Present, ProposalMoment } from "./proposal.ts";
import type { Before, Computed, Proposer, Refused } from "./proposer.ts";

/** What one step sees of its rows: those of one batch, or of a window of batches as if they were one. */
export interface Observation {
  /** Undefined for a task without a label among the rows. */
  readonly losses: readonly (number | undefined)[];
  /** One entry a batch, each with the outputs of all tasks, row-major. */
  readonly outputs: readonly (readonly Float32Array[])[];
  readonly present: readonly Present[];
  /** Whole backward walks made so far. */
  readonly walks: number;
  /** What a step of these tasks would do. */
  compute(proposer: Proposer, present: readonly Present[], moment: ProposalMoment, before: Before): Computed | Refused;
  /** Losses of these tasks from a further pass, with the parameters as they are then. Draws as the first pass did. */
  again(tasks: readonly number[]): readonly number[];
  dispose(): void;
}

export interface ObservationParts extends PassParts {
  /** Whether the method asks how well the tasks do. */
  readonly asksPerformance: boolean;
}

/** One batch. Lives within the tensor scope in which it was made. */
export class BatchObservation implements Observation {
  readonly losses: readonly (number | undefined)[];
  readonly outputs: readonly (readonly Float32Array[])[];
  readonly present: readonly Present[];
  readonly #parts: ObservationParts;
  readonly #batch: Batch;
  readonly #pass: ForwardPass;

  constructor(parts: ObservationParts, batch: Batch) {
    this.#parts = parts;
    this.#batch = batch;
    this.#pass = forwardPass(parts, batch);
    this.losses = this.#pass.losses.map(numberOf);
    const outputs = this.#pass.outputs.map((output) => output.dataSync<"float32">());
    this.outputs = [outputs];
    this.present = this.losses.flatMap((value, task): Present[] => {
      if (value === undefined) return [];
      const [output, target, own] = [outputs[task], batch.targets[task], parts.tasks[task]];
      if (!parts.asksPerformance || output === undefined || target === undefined || own === undefined) return [{ task, value }];
      return [{ task, value, performance: performanceOf(own, output, target.truth, target.present) }];
    });
  }

  get walks(): number {
    return this.#pass.tape.walks;
  }

  compute(proposer: Proposer, present: readonly Present[], moment: ProposalMoment, before: Before): Computed | Refused {
    const losses = present.flatMap(({ task }) => this.#pass.losses[task] ?? []);
    return proposer.compute({ tape: this.#pass.tape, losses }, present, moment, before);
  }

  again(tasks: readonly number[]): readonly number[] {
    const values = lossesOf(this.#parts, this.#batch, this.#parts.model.forward(this.#batch.inputs, true));
    return tasks.map((task) => numberOf(values[task]) ?? Number.NaN);
  }

  dispose(): void {
    this.#pass.tape.dispose();
  }
}

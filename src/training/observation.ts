import type { Batch } from "./batches.ts";
import type { TaskTargets } from "./data/dataset.ts";
import type { WayBack } from "./gradients/way-back.ts";
import type { HeldGradients } from "./passes/held-gradients.ts";
import type { Pass, Passes, PassWish } from "./passes/pass.ts";
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
  /** The gradients of all tasks, where they can stay where they are. */
  hold(): HeldGradients | undefined;
  /** The way back from the losses of these tasks; undefined where the rows were not seen at once. */
  back(tasks: readonly number[]): WayBack | undefined;
  dispose(): void;
}

export interface ObservationParts {
  readonly passes: Passes;
  readonly tasks: readonly TaskTargets[];
  /** Whether the method asks how well the tasks do. */
  readonly asksPerformance: boolean;
}

/** Which way back a step takes. */
export type WayKind = Pick<PassWish, "kind" | "recompute">;

/** One batch. Lives within the tensor scope in which it was made. */
export class BatchObservation implements Observation {
  readonly losses: readonly (number | undefined)[];
  readonly outputs: readonly (readonly Float32Array[])[];
  readonly present: readonly Present[];
  readonly #parts: ObservationParts;
  readonly #batch: Batch;
  readonly #pass: Pass;

  constructor(parts: ObservationParts, batch: Batch, way: WayKind) {
    this.#parts = parts;
    this.#batch = batch;
    this.#pass = parts.passes.forward(batch, way);
    const { losses, outputs } = this.#pass;
    this.losses = losses;
    this.outputs = [outputs];
    this.present = this.losses.flatMap((value, task): Present[] => {
      if (value === undefined) return [];
      const [output, target, own] = [outputs[task], batch.targets[task], parts.tasks[task]];
      if (!parts.asksPerformance || output === undefined || target === undefined || own === undefined) return [{ task, value }];
      return [{ task, value, performance: performanceOf(own, output, target.truth, target.present) }];
    });
  }

  get walks(): number {
    return this.#pass.walks;
  }

  compute(proposer: Proposer, present: readonly Present[], moment: ProposalMoment, before: Before): Computed | Refused {
    const way = this.#pass.back(present.map(({ task }) => task));
    return proposer.compute(way, present, moment, before);
  }

  again(tasks: readonly number[]): readonly number[] {
    const losses = this.#parts.passes.losses(this.#batch);
    return tasks.map((task) => losses[task] ?? Number.NaN);
  }

  hold(): HeldGradients | undefined {
    return this.#pass.hold?.();
  }

  back(tasks: readonly number[]): WayBack {
    return this.#pass.back(tasks);
  }

  dispose(): void {
    this.#pass.dispose();
  }
}

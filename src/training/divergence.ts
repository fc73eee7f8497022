import type { RunEvent } from "../experiment/record.ts";
import type { TaskTargets } from "./data/dataset.ts";

/** So many times the loss of a constant answer is no slow start and no chance any more. */
const farAbove = 10;

/**
 * Watches each task's mean training loss over an epoch against that of a network that always gives the same answer: ln(classes)
 * for cross-entropy, about 1 for the losses of a standardised number. A training that diverges may stay finite, and completes.
 */
export class DivergenceWatch {
  readonly #tasks: readonly Pick<TaskTargets, "id" | "kind" | "classes">[];
  #sums: { loss: number; steps: number }[] = [];
  /** Of the last whole epoch. */
  #means: readonly number[] = [];

  constructor(tasks: readonly Pick<TaskTargets, "id" | "kind" | "classes">[]) {
    this.#tasks = tasks;
    this.#begin();
  }

  /** Losses of one step; undefined for a task without a label in the batch. */
  add(losses: readonly (number | undefined)[]): void {
    losses.forEach((loss, task) => {
      const sum = this.#sums[task];
      if (loss === undefined || sum === undefined) return;
      sum.loss += loss;
      sum.steps += 1;
    });
  }

  endEpoch(): void {
    this.#means = this.#sums.map(({ loss, steps }) => loss / steps);
    this.#begin();
  }

  /** What there is to say at the end of a training. */
  events(step: number, at: number): readonly RunEvent[] {
    return this.#tasks.flatMap(({ id, kind, classes }, task): RunEvent[] => {
      const constant = kind === "classification" ? Math.log(Math.max(2, classes.length)) : 1;
      const mean = this.#means[task] ?? 0;
      if (!(mean > farAbove * constant)) return [];
      const message =
        `${id} diverged: its training loss of ${mean.toPrecision(3)} in the last epoch is far above ${constant.toPrecision(2)}, ` +
        `that of a constant answer. Lower the learning rate, or look for extreme values in the data.`;
      return [{ kind: "warning", step, at, message, detail: { diverged: id, loss: mean } }];
    });
  }

  #begin(): void {
    this.#sums = this.#tasks.map(() => ({ loss: 0, steps: 0 }));
  }
}

import type { RunEvent } from "../experiment/record.ts";

/** So many times the loss of a constant answer is no slow start and no chance any more. */
const farAbove = 10;

/** A task, and the mean loss of a network that always gives the same answer: ln(classes), about 1 for a standardised number. */
export interface WatchedTask {
  readonly id: string;
  readonly ofConstant: number;
}

/** Watches each task's mean training loss over an epoch against that. A training that diverges may stay finite, and completes. */
export class DivergenceWatch {
  readonly #tasks: readonly WatchedTask[];
  #sums: { loss: number; steps: number }[] = [];
  /** Of the last whole epoch. */
  #means: readonly number[] = [];

  constructor(tasks: readonly WatchedTask[]) {
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
    return this.#tasks.flatMap(({ id, ofConstant }, task): RunEvent[] => {
      const mean = this.#means[task] ?? 0;
      if (!(mean > farAbove * ofConstant)) return [];
      const message =
        `${id} diverged: its training loss of ${mean.toPrecision(3)} in the last epoch is far above ${ofConstant.toPrecision(2)}, ` +
        `that of a constant answer. Lower the learning rate, or look for extreme values in the data.`;
      return [{ kind: "warning", step, at, message, detail: { diverged: id, loss: mean } }];
    });
  }

  #begin(): void {
    this.#sums = this.#tasks.map(() => ({ loss: 0, steps: 0 }));
  }
}

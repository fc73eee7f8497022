import type { RunEvent } from "../experiment/record.ts";
import type { Experiment } from "../experiment/schema.ts";
import { TrainingError } from "./training-error.ts";

/** Something that is not a finite number, or too large for the accumulators: a loss, a gradient, or what normalisation keeps of the batch. */
export interface BadValue {
  readonly task: number;
  readonly what: "loss" | "gradient" | "statistics";
}

/** What to do with a step that has bad values: leave it out whole, or act as if the tasks in question were absent. */
export type Remedy = { readonly kind: "skip" } | { readonly kind: "drop"; readonly tasks: readonly number[] };

/**
 * The policy for losses and gradients that are not finite. It is asked before any state is touched, so that one bad batch
 * cannot poison averages for ever. Throws `TrainingError` when the policy is to fail, after too many skips in a row, and when
 * the same task had to be dropped too many times in a row: it would no longer be trained, and nobody would notice.
 */
export class NonFinitePolicy {
  readonly #onNonFinite: Experiment["training"]["onNonFinite"];
  readonly #maxConsecutive: number;
  readonly #tasks: readonly string[];
  #consecutive = 0;
  /** Per task, the steps in a row that it was dropped from. */
  #drops: number[];

  constructor(training: Pick<Experiment["training"], "onNonFinite" | "maxConsecutive">, tasks: readonly string[]) {
    this.#onNonFinite = training.onNonFinite;
    this.#maxConsecutive = training.maxConsecutive;
    this.#tasks = tasks;
    this.#drops = tasks.map(() => 0);
  }

  /** Skips in a row so far; part of a checkpoint. */
  get consecutive(): number {
    return this.#consecutive;
  }

  set consecutive(count: number) {
    this.#consecutive = count;
  }

  /** Per task, drops in a row so far; part of a checkpoint too. */
  get drops(): readonly number[] {
    return this.#drops;
  }

  set drops(counts: readonly number[]) {
    this.#drops = this.#tasks.map((_, task) => counts[task] ?? 0);
  }

  /** `present` are the tasks of the step. */
  decide(bad: readonly BadValue[], present: readonly number[], step: number): Remedy {
    if (this.#onNonFinite === "throw") throw new TrainingError("non-finite", `Step ${step}: ${this.#describe(bad)}. ${advice}`);
    const dropped = new Set(bad.map(({ task }) => task));
    if (this.#onNonFinite === "drop-task" && present.some((task) => !dropped.has(task))) {
      for (const task of dropped) this.#countDrop(task, bad, step);
      return { kind: "drop", tasks: [...dropped] };
    }
    this.#consecutive += 1;
    if (this.#consecutive >= this.#maxConsecutive) {
      const count = this.#consecutive;
      throw new TrainingError(
        "non-finite",
        `${count} steps in a row had to be skipped, the last at step ${step}: ${this.#describe(bad)}. ${advice}`,
      );
    }
    return { kind: "skip" };
  }

  /** A step went well: the row of skips is over. */
  succeeded(): void {
    this.#consecutive = 0;
  }

  /** These tasks took part in a step: their rows of drops are over. */
  taught(tasks: readonly number[]): void {
    for (const task of tasks) this.#drops[task] = 0;
  }

  #countDrop(task: number, bad: readonly BadValue[], step: number): void {
    const count = (this.#drops[task] ?? 0) + 1;
    this.#drops[task] = count;
    if (count < this.#maxConsecutive) return;
    const own = bad.filter((value) => value.task === task);
    throw new TrainingError(
      "non-finite",
      `The task ${this.#names([task])} had to be dropped from ${count} steps in a row, the last at step ${step}: ${this.#describe(own)}. ${advice}`,
    );
  }

  event(remedy: Remedy, bad: readonly BadValue[], step: number, at: number): RunEvent {
    const done = remedy.kind === "skip" ? "The step was skipped." : `The step went on without ${this.#names(remedy.tasks)}.`;
    return {
      kind: "non-finite",
      step,
      at,
      message: `${this.#describe(bad)}. ${done}`,
      detail: { remedy: remedy.kind, tasks: this.#names(bad.map(({ task }) => task)), consecutive: this.#consecutive },
    };
  }

  #describe(bad: readonly BadValue[]): string {
    const parts = (["loss", "gradient", "statistics"] as const).flatMap((what) => {
      const tasks = bad.filter((value) => value.what === what).map(({ task }) => task);
      return tasks.length === 0 ? [] : [`the ${tasks.length > 1 ? plurals[what] : what} of ${this.#names(tasks)}`];
    });
    const areMany = bad.length > 1 || bad.some(({ what }) => what === "statistics");
    const text = `${parts.join(" and ")} ${areMany ? "were" : "was"} not finite`;
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  #names(tasks: readonly number[]): string {
    return tasks.map((task) => this.#tasks[task] ?? `task ${task}`).join(", ");
  }
}

const plurals = { loss: "losses", gradient: "gradients", statistics: "statistics" } as const;

const advice = "A smaller learning rate often helps; so does looking for extreme values in the data.";

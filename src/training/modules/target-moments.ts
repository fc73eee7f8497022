import type { NumberTargets, RowValues, TaskTargets } from "../data/dataset.ts";
import { usableDeviation } from "../data/spread.ts";
import type { OwnTask } from "./own-task.ts";
import { sizeOf } from "./rows-fault.ts";

/** Learns from training rows, piece by piece, how often each class occurs and how the numbers of regressions are spread. */
export class TargetMoments {
  readonly #tasks: readonly OwnTask[];
  readonly #counts: readonly number[][];
  /** Of multi-label tasks: how often a label is known to be lacking. */
  readonly #absences: readonly number[][];
  readonly #numbers: readonly Spread[][];
  readonly #labelled: number[];

  constructor(tasks: readonly OwnTask[]) {
    this.#tasks = tasks;
    this.#counts = tasks.map(({ classes }) => classes.map(() => 0));
    this.#absences = tasks.map(({ kind, classes }) => (kind === "multi-label" ? classes.map(() => 0) : []));
    this.#numbers = tasks.map(({ kind, shape }) =>
      kind === "regression" ? Array.from({ length: sizeOf(shape) }, () => new Spread()) : [],
    );
    this.#labelled = tasks.map(() => 0);
  }

  add({ targets, present, rows }: RowValues): void {
    this.#tasks.forEach(({ kind, shape }, task) => {
      const [values, marks, counts, numbers] = [targets[task], present[task], this.#counts[task], this.#numbers[task]];
      if (values === undefined || marks === undefined || counts === undefined || numbers === undefined) return;
      const size = sizeOf(shape);
      for (let row = 0; row < rows; row++) {
        if (marks[row] !== 1) continue;
        this.#labelled[task] = (this.#labelled[task] ?? 0) + 1;
        for (let i = 0; i < size; i++) {
          const value = values[row * size + i] ?? Number.NaN;
          if (Number.isNaN(value)) continue;
          if (kind === "regression") numbers[i]?.add(value);
          else if (kind === "multi-label") {
            const into = value === 1 ? counts : (this.#absences[task] ?? []);
            into[i] = (into[i] ?? 0) + 1;
          } else counts[value] = (counts[value] ?? 0) + 1;
        }
      }
    });
  }

  /** Rows with a label of the task. */
  labelled(task: number): number {
    return this.#labelled[task] ?? 0;
  }

  /** How often each class occurs, and of a multi-label task how often it is known not to; nothing of a regression. */
  counted(task: number): Pick<TaskTargets, "counts" | "absences"> {
    const kind = this.#tasks[task]?.kind;
    if (kind === "regression") return {};
    const counts = this.#counts[task] ?? [];
    return kind === "multi-label" ? { counts, absences: this.#absences[task] ?? [] } : { counts };
  }

  numbers(task: number): readonly NumberTargets[] {
    return (this.#numbers[task] ?? []).map((spread) => spread.standardisation);
  }
}

/** Mean and sum of squares around it, updated number by number (Welford, 1962). */
class Spread {
  #count = 0;
  #mean = 0;
  #squares = 0;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.#least = Math.min(this.#least, value);
    this.#greatest = Math.max(this.#greatest, value);
    this.#count += 1;
    const distance = value - this.#mean;
    this.#mean += distance / this.#count;
    this.#squares += distance * (value - this.#mean);
  }

  /** Deviation 1 where the numbers do not vary but for rounding. */
  get standardisation(): NumberTargets {
    const deviation = Math.sqrt(this.#squares / Math.max(1, this.#count));
    return { mean: this.#mean, deviation: usableDeviation(deviation, { least: this.#least, greatest: this.#greatest }) };
  }
}

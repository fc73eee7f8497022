import type { MetricName } from "../../experiment/metrics.ts";
import type { TaskTargets } from "../data/dataset.ts";
import { sizeOf, type Reading } from "../kinds/kind.ts";
import { meanOf, type Tally } from "./tally.ts";

/** Sums beside those of the classes: answers, right ones, Σ |i − j|, Σ (i − j)² of ranks. */
const totals = 4;

/**
 * Answers that are one of several classes. For each class c it keeps how often c is the label (n_c), the answer (a_c), and both
 * (t_c): all metrics of a confusion matrix that are wanted follow from these, without its C² numbers.
 */
export class ClassTally implements Tally {
  readonly #reading: Extract<Reading, { as: "classes" }>;
  readonly #classes: number;
  readonly #width: number;
  readonly #size: number;
  /** `[totals, n, a, t]`. */
  readonly sums: Float64Array;

  constructor(targets: TaskTargets, reading: Extract<Reading, { as: "classes" }>) {
    this.#reading = reading;
    this.#classes = targets.classes.length;
    this.#width = reading.width(targets);
    this.#size = sizeOf(targets);
    this.sums = new Float64Array(totals + 3 * this.#classes);
  }

  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    for (let row = 0; row < present.length; row++) {
      if (present[row] !== 1) continue;
      for (let value = row * this.#size; value < (row + 1) * this.#size; value++) {
        const label = truth[value] ?? Number.NaN;
        if (!Number.isNaN(label)) this.#count(label, this.#reading.answer(output, value * this.#width, this.#width));
      }
    }
  }

  value(metric: MetricName): number {
    const [all = 0, right = 0, distance = 0] = this.sums;
    switch (metric) {
      case "accuracy":
        return right / all;
      case "balanced-accuracy":
        return this.#mean((labelled, _, both) => both / labelled);
      case "f1":
        return this.#mean((labelled, answered, both) => (2 * both) / (labelled + answered), this.#reading.f1);
      case "miou":
        return this.#mean((labelled, answered, both) => both / (labelled + answered - both));
      case "mae":
        return distance / all;
      case "kappa":
        return this.#kappa();
      default:
        return Number.NaN;
    }
  }

  reset(): void {
    this.sums.fill(0);
  }

  #count(label: number, answer: number): void {
    const distance = Math.abs(label - answer);
    this.#raise(0, 1);
    this.#raise(1, distance === 0 ? 1 : 0);
    this.#raise(2, distance);
    this.#raise(3, distance * distance);
    this.#raise(totals + label, 1);
    this.#raise(totals + this.#classes + answer, 1);
    if (distance === 0) this.#raise(totals + 2 * this.#classes + label, 1);
  }

  #raise(place: number, by: number): void {
    this.sums[place] = (this.sums[place] ?? 0) + by;
  }

  #of(part: 0 | 1 | 2, c: number): number {
    return this.sums[totals + part * this.#classes + c] ?? 0;
  }

  /** Over the classes for which it is a number: 0 ⁄ 0 is a class that does not occur. */
  #mean(of: (labelled: number, answered: number, both: number) => number, classes?: readonly number[]): number {
    const counted = classes ?? Array.from({ length: this.#classes }, (_, c) => c);
    return meanOf(counted.map((c) => of(this.#of(0, c), this.#of(1, c), this.#of(2, c))));
  }

  /** Expected by chance is Σ_ij (i − j)² n_i a_j ⁄ N; NaN where that is 0, as with labels and answers all of one class. */
  #kappa(): number {
    const [all = 0, , , observed = 0] = this.sums;
    const moments = ([0, 1] as const).map((part) => {
      let [first, second] = [0, 0];
      for (let c = 0; c < this.#classes; c++) {
        first += c * this.#of(part, c);
        second += c * c * this.#of(part, c);
      }
      return { first, second };
    });
    const [labels = { first: 0, second: 0 }, answers = { first: 0, second: 0 }] = moments;
    const expected = labels.second + answers.second - (2 * labels.first * answers.first) / all;
    return expected > 0 ? 1 - observed / expected : Number.NaN;
  }
}

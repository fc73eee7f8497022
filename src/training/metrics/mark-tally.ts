import type { MetricName } from "../../experiment/metrics.ts";
import type { TaskTargets } from "../data/dataset.ts";
import { meanOf, type Tally } from "./tally.ts";

/** Yes or no for each of several labels: for each label, how often it is there, told, and both; marks in all, and right ones. */
export class MarkTally implements Tally {
  readonly #labels: number;
  readonly sums: Float64Array;

  constructor({ classes }: TaskTargets) {
    this.#labels = classes.length;
    this.sums = new Float64Array(2 + 3 * this.#labels);
  }

  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    for (let row = 0; row < present.length; row++) {
      if (present[row] !== 1) continue;
      for (let label = 0; label < this.#labels; label++) {
        const mark = truth[row * this.#labels + label] ?? Number.NaN;
        if (!Number.isNaN(mark)) this.#count(label, mark === 1, (output[row * this.#labels + label] ?? 0) > 0);
      }
    }
  }

  value(metric: MetricName): number {
    const [all = 0, right = 0] = this.sums;
    if (metric === "accuracy") return right / all;
    if (metric !== "f1") return Number.NaN;
    return meanOf(
      Array.from({ length: this.#labels }, (_, label) => {
        const [there = 0, told = 0, both = 0] = this.sums.subarray(2 + 3 * label, 5 + 3 * label);
        return (2 * both) / (there + told);
      }),
    );
  }

  reset(): void {
    this.sums.fill(0);
  }

  #count(label: number, there: boolean, told: boolean): void {
    const first = 2 + 3 * label;
    this.#raise(0);
    if (there === told) this.#raise(1);
    if (there) this.#raise(first);
    if (told) this.#raise(first + 1);
    if (there && told) this.#raise(first + 2);
  }

  #raise(place: number): void {
    this.sums[place] = (this.sums[place] ?? 0) + 1;
  }
}

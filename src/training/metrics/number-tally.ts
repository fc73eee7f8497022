import type { MetricName } from "../../experiment/metrics.ts";
import type { TaskTargets } from "../data/dataset.ts";
import { sizeOf } from "../kinds/kind.ts";
import { meanOf, type Tally } from "./tally.ts";

/** Of each component: count, Σ|e|, Σe², Σy, Σy². */
const moments = 5;

/** Answers that are numbers, in the columns' own units. A row of vectors also adds the cosine between answer and label. */
export class NumberTally implements Tally {
  readonly #means: Float64Array;
  readonly #deviations: Float64Array;
  readonly #size: number;
  /** `[rows, Σ cos, moments of each component]`. */
  readonly sums: Float64Array;

  constructor(targets: TaskTargets) {
    this.#means = Float64Array.from(targets.numbers, ({ mean }) => mean);
    this.#deviations = Float64Array.from(targets.numbers, ({ deviation }) => deviation);
    this.#size = sizeOf(targets);
    this.sums = new Float64Array(2 + moments * this.#size);
  }

  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    const width = output.length / Math.max(1, present.length);
    for (let row = 0; row < present.length; row++) {
      if (present[row] === 1) this.#addRow(output, row * width, truth, row * this.#size);
    }
  }

  value(metric: MetricName): number {
    const components = Array.from({ length: this.#size }, (_, component) => this.#momentsOf(component));
    const total = (part: number): number => components.reduce((sum, sums) => sum + (sums[part] ?? 0), 0);
    const [rows = 0, cosines = 0] = this.sums;
    switch (metric) {
      case "rmse":
        return Math.sqrt(total(2) / total(0));
      case "mae":
        return total(1) / total(0);
      case "r2":
        return meanOf(components.map(explained));
      case "cosine":
        return cosines / rows;
      default:
        return Number.NaN;
    }
  }

  reset(): void {
    this.sums.fill(0);
  }

  /** In a single loop without arrays of its own: it runs for every row that is trained on. */
  #addRow(output: Float32Array, from: number, truth: Float32Array, at: number): void {
    const { sums } = this;
    let [product, answerSquare, labelSquare] = [0, 0, 0];
    for (let component = 0; component < this.#size; component++) {
      const label = truth[at + component] ?? Number.NaN;
      if (Number.isNaN(label)) continue;
      const mean = this.#means[component] ?? 0;
      const deviation = this.#deviations[component] ?? 1;
      const answer = (output[from + component] ?? 0) * deviation;
      // Σy around the training mean, so that little is lost for columns far from 0.
      const value = label * deviation;
      const error = answer - value;
      const place = 2 + moments * component;
      sums[place] = (sums[place] ?? 0) + 1;
      sums[place + 1] = (sums[place + 1] ?? 0) + Math.abs(error);
      sums[place + 2] = (sums[place + 2] ?? 0) + error * error;
      sums[place + 3] = (sums[place + 3] ?? 0) + value;
      sums[place + 4] = (sums[place + 4] ?? 0) + value * value;
      product += (value + mean) * (answer + mean);
      answerSquare += (answer + mean) ** 2;
      labelSquare += (value + mean) ** 2;
    }
    const length = Math.sqrt(answerSquare) * Math.sqrt(labelSquare);
    sums[0] = (sums[0] ?? 0) + 1;
    sums[1] = (sums[1] ?? 0) + (length > 0 ? product / length : 0);
  }

  #momentsOf(component: number): Float64Array {
    return this.sums.subarray(2 + moments * component, 2 + moments * (component + 1));
  }
}

/** R² of one component; NaN where its labels do not vary. */
function explained([count = 0, , squared = 0, sum = 0, squares = 0]: Float64Array): number {
  const spread = squares - (sum * sum) / count;
  return spread > 0 ? 1 - squared / spread : Number.NaN;
}

import type { MetricName } from "../../experiment/metrics.ts";
import type { TaskTargets } from "../data/dataset.ts";
import { sizeOf } from "../kinds/kind.ts";
import { trainedKinds } from "../kinds/kinds.ts";
import { areaUnderCurve, rankCorrelation } from "./ranks.ts";
import { meanOf, type Tally } from "./tally.ts";

/** Most values that are kept for ranking, of one task: 256 MiB. */
export const mostRanked = 2 ** 26;

/** Values kept a row: an output and a label for each column, or for several classes an output each and the label. */
export function rankedWidth(targets: TaskTargets): number {
  return hasShares(targets) ? targets.classes.length + 1 : 2 * sizeOf(targets);
}

/** Whether an answer is one of several classes by their shares, to be ranked one against the rest. */
function hasShares(targets: TaskTargets): boolean {
  const { reading } = trainedKinds[targets.kind];
  return reading.as === "classes" && reading.width(targets) > 1;
}

/**
 * Metrics that rank all rows of a split: `auc` and `spearman`. It keeps the outputs and labels of every row, 4 bytes each, and is
 * exact; a check refuses splits with more than `mostRanked` values. So it serves evaluations, and no checkpoint holds it.
 */
export class RankTally implements Tally {
  readonly #targets: TaskTargets;
  readonly #width: number;
  readonly #hasShares: boolean;
  readonly #kept: Float32Array;
  #length = 0;

  /** `rows`: how many there will be at most. */
  constructor(targets: TaskTargets, rows: number) {
    this.#targets = targets;
    this.#width = rankedWidth(targets);
    this.#hasShares = hasShares(targets);
    this.#kept = new Float32Array(rows * this.#width);
  }

  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    const outputs = output.length / Math.max(1, present.length);
    const labels = truth.length / Math.max(1, present.length);
    for (let row = 0; row < present.length; row++) {
      if (present[row] !== 1) continue;
      // A regression's log variances come after its numbers and are left out.
      const own = output.subarray(row * outputs, row * outputs + this.#width - labels);
      this.#kept.set(this.#hasShares ? logShares(own) : own, this.#length);
      this.#kept.set(truth.subarray(row * labels, (row + 1) * labels), this.#length + this.#width - labels);
      this.#length += this.#width;
    }
  }

  value(metric: MetricName): number {
    if (metric === "spearman") return this.#meanOfColumns((outputs, labels) => rankCorrelation(outputs, labels));
    if (metric !== "auc") return Number.NaN;
    if (this.#hasShares) return this.#oneAgainstRest();
    return this.#meanOfColumns((outputs, labels) => areaUnderCurve(outputs, (place) => labels[place] === 1));
  }

  reset(): void {
    this.#length = 0;
  }

  /** One column after another, so that a sort takes the memory of one. What has no label in a column is left out there. */
  #meanOfColumns(of: (outputs: Float32Array, labels: Float32Array) => number): number {
    const columns = this.#width / 2;
    return meanOf(
      Array.from({ length: columns }, (_, column) => {
        const labels = this.#column(columns + column);
        const outputs = this.#column(column);
        const known = (_value: number, row: number): boolean => !Number.isNaN(labels[row] ?? Number.NaN);
        return of(outputs.filter(known), labels.filter(known));
      }),
    );
  }

  #oneAgainstRest(): number {
    const labels = this.#column(this.#width - 1);
    return meanOf(this.#targets.classes.map((_, c) => areaUnderCurve(this.#column(c), (place) => labels[place] === c)));
  }

  #column(column: number): Float32Array {
    const values = new Float32Array(this.#length / this.#width);
    for (let row = 0; row < values.length; row++) values[row] = this.#kept[row * this.#width + column] ?? Number.NaN;
    return values;
  }
}

/** Logarithms of the classes' shares, softmax of the outputs: they order rows as the shares do and do not run together near 1. */
function logShares(output: Float32Array): Float32Array {
  let best = 0;
  output.forEach((value, c) => {
    if (value > (output[best] ?? 0)) best = c;
  });
  const highest = output[best] ?? 0;
  const others = output.reduce((sum, value, c) => (c === best ? sum : sum + Math.exp(value - highest)), 0);
  const logTotal = Math.log1p(others);
  return output.map((value) => value - highest - logTotal);
}

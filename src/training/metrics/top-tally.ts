import type { MetricName } from "../../experiment/metrics.ts";
import type { TaskTargets } from "../data/dataset.ts";
import type { Tally } from "./tally.ts";

/** Rows whose true class is among the k greatest outputs. Of equal outputs the class that comes first is the likelier. */
export class TopTally implements Tally {
  readonly #classes: number;
  readonly #likeliest: number;
  /** Rows, and those that hit. */
  readonly sums = new Float64Array(2);

  constructor({ classes }: TaskTargets, likeliest: number) {
    this.#classes = classes.length;
    this.#likeliest = likeliest;
  }

  add(output: Float32Array, truth: Float32Array, present: Uint8Array): void {
    for (let row = 0; row < present.length; row++) {
      if (present[row] !== 1) continue;
      const hit = this.#hits(output, row * this.#classes, truth[row] ?? 0);
      this.sums[0] = (this.sums[0] ?? 0) + 1;
      if (hit) this.sums[1] = (this.sums[1] ?? 0) + 1;
    }
  }

  value(metric: MetricName): number {
    const [rows = 0, hits = 0] = this.sums;
    return metric === `top${this.#likeliest}` ? hits / rows : Number.NaN;
  }

  reset(): void {
    this.sums.fill(0);
  }

  #hits(output: Float32Array, at: number, label: number): boolean {
    const own = output[at + label] ?? Number.NaN;
    let likelier = 0;
    for (let c = 0; c < this.#classes; c++) {
      const other = output[at + c] ?? Number.NaN;
      if (other > own || (other === own && c < label)) likelier += 1;
    }
    return !Number.isNaN(own) && likelier < this.#likeliest;
  }
}

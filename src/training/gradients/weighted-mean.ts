import type { JacobianRow } from "./gram.ts";

/** The mean of several rows, each with its weight, taken in one by one so that no two need be there at once. */
export class WeightedMean {
  /** As it came: the mean of one row is that row, bit for bit. */
  #only: { readonly row: JacobianRow; readonly weight: number } | undefined;
  #sums: (Float32Array | undefined)[] = [];
  #weight = 0;

  /** `weight` is above 0. */
  add(row: JacobianRow, weight: number): void {
    if (this.#weight === 0) this.#only = { row, weight };
    else {
      if (this.#only !== undefined) this.#sums = scaled(this.#only.row, this.#only.weight);
      this.#only = undefined;
      this.#addTo(row, weight);
    }
    this.#weight += weight;
  }

  /** Takes the mean; nothing is left. */
  take(): JacobianRow {
    const factor = 1 / this.#weight;
    // In place: no more than one row need be kept.
    for (const sum of this.#sums) sum?.forEach((value, i) => (sum[i] = factor * value));
    const row = this.#only?.row ?? this.#sums;
    [this.#only, this.#sums, this.#weight] = [undefined, [], 0];
    return row;
  }

  #addTo(row: JacobianRow, weight: number): void {
    row.forEach((block, index) => {
      if (block === undefined) return;
      const sum = this.#sums[index] ?? new Float32Array(block.length);
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + weight * (block[i] ?? 0);
      this.#sums[index] = sum;
    });
  }
}

function scaled(row: JacobianRow, factor: number): (Float32Array | undefined)[] {
  return row.map((block) => block?.map((value) => factor * value));
}

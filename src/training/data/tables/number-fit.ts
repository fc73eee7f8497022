import type { TableInput } from "../../../experiment/table-inputs.ts";
import type { Moments } from "../input-measure.ts";
import { usableDeviation } from "../spread.ts";
import type { NumberScale } from "./input-encoder.ts";

/**
 * Mean, spread and range of a number over the training rows, in two passes: the mean first, then the squares around it, which is
 * exact where a sum of squares would cancel. NaN is no value.
 */
export class NumberFit {
  #count = 0;
  /** The first value: sums of distances from it lose nothing where all values are far from 0 and near each other. */
  #origin = 0;
  #sum = 0;
  #squares = 0;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    if (Number.isNaN(value)) return;
    if (this.#count === 0) this.#origin = value;
    this.#count += 1;
    this.#sum += value - this.#origin;
    if (value < this.#least) this.#least = value;
    if (value > this.#greatest) this.#greatest = value;
  }

  /** In the second pass. */
  addSquare(value: number): void {
    if (!Number.isNaN(value)) this.#squares += (value - this.#mean) ** 2;
  }

  get moments(): Moments {
    return { count: this.#count, mean: this.#mean, squares: this.#squares, least: this.#least, greatest: this.#greatest };
  }

  get #mean(): number {
    return this.#origin + this.#sum / Math.max(1, this.#count);
  }
}

/** A number that does not vary gives zeros and no infinities. */
export function numberScale(how: NonNullable<TableInput["scale"]>, { count, mean, squares, least, greatest }: Moments): NumberScale {
  switch (how) {
    case "none":
      return { mean, shift: 0, divisor: 1 };
    case "minmax":
      return least < greatest ? { mean, shift: least, divisor: greatest - least } : { mean, shift: mean, divisor: 1 };
    case "standard": {
      const divisor = usableDeviation(Math.sqrt(squares / Math.max(1, count)), { least, greatest });
      return { mean, shift: mean, divisor };
    }
  }
}

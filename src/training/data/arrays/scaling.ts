import { greatestValue, type NumberDtype, type Numbers } from "./dtype.ts";

/** How numbers enter the network: (value − offset) · factor, one of each for every channel (last axis). */
export interface Scaling {
  readonly offsets: Float64Array;
  readonly factors: Float64Array;
}

/** Rows of numbers: as many channels as the last axis has, `width` numbers a row. */
export interface NumberRows {
  readonly values: Numbers;
  readonly dtype: NumberDtype;
  readonly width: number;
  readonly channels: number;
}

/**
 * Fits a scaling on the training rows alone. `standard`: mean 0 and deviation 1 in each channel. `unit`: whole numbers without sign by the
 * greatest of their type, others by the least and greatest training value of all channels together. Where nothing varies the values stay
 * as far apart as they are.
 */
export function fitScaling(kind: "standard" | "unit" | "none", numbers: NumberRows, trainRows: Uint32Array): Scaling {
  if (kind === "none") return sameForAll(numbers.channels, 0, 1);
  const greatest = greatestValue(numbers.dtype);
  if (kind === "unit" && greatest !== undefined) return sameForAll(numbers.channels, 0, 1 / greatest);
  if (kind === "unit") {
    const [least, most] = range(numbers, trainRows);
    return sameForAll(numbers.channels, least, most > least ? 1 / (most - least) : 1);
  }
  return measuredScaling(numbers, trainRows);
}

/** A scaling by moments of each channel that were measured elsewhere. */
export function standardScaling(means: Float64Array, variances: Float64Array): Scaling {
  const factors = means.map((mean, channel) => {
    const deviation = Math.sqrt(variances[channel] ?? 0);
    // Rounding leaves a trace of variance in a constant channel; standardising by it would blow noise up.
    return deviation > 1e-12 * Math.abs(mean) ? 1 / deviation : 1;
  });
  return { offsets: means, factors };
}

/** What 0 becomes, a value for each channel. */
export function scaledZero({ offsets, factors }: Scaling): readonly number[] {
  return Array.from(offsets, (offset, channel) => 0 - offset * (factors[channel] ?? 1));
}

/** Writes one row into a batch. */
export function writeScaled(
  { values, width, channels }: Omit<NumberRows, "dtype">,
  row: number,
  { offsets, factors }: Scaling,
  to: Float32Array,
  at: number,
): void {
  const from = row * width;
  for (let i = 0, channel = 0; i < width; i++) {
    to[at + i] = ((values[from + i] ?? 0) - (offsets[channel] ?? 0)) * (factors[channel] ?? 1);
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
}

/** The same for every channel. */
export function sameForAll(channels: number, offset: number, factor: number): Scaling {
  return { offsets: new Float64Array(channels).fill(offset), factors: new Float64Array(channels).fill(factor) };
}

function range({ values, width }: NumberRows, rows: Uint32Array): readonly [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity];
  for (const row of rows) {
    for (let i = row * width; i < (row + 1) * width; i++) {
      const value = values[i] ?? 0;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return [least, most];
}

/** In two passes: the mean, then the mean square around it. */
function measuredScaling({ values, width, channels }: NumberRows, rows: Uint32Array): Scaling {
  const count = (rows.length * width) / channels;
  const means = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const eachValue = (visit: (value: number, channel: number) => void): void => {
    for (const row of rows) {
      for (let i = 0, channel = 0; i < width; i++) {
        visit(values[row * width + i] ?? 0, channel);
        channel = channel + 1 === channels ? 0 : channel + 1;
      }
    }
  };
  eachValue((value, channel) => (means[channel] = (means[channel] ?? 0) + value / count));
  eachValue((value, channel) => (squares[channel] = (squares[channel] ?? 0) + (value - (means[channel] ?? 0)) ** 2));
  return standardScaling(
    means,
    squares.map((square) => square / count),
  );
}

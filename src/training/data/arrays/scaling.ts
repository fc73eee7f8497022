import type { Moments } from "../input-measure.ts";
import { usableDeviation } from "../spread.ts";
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

type ScaleKind = "standard" | "unit" | "none";

/**
 * What the training rows say of how numbers are to be scaled. `standard`: moments of each channel. `unit`: whole numbers without sign go by the
 * greatest of their type, and of others the moments of all channels together tell the range. `none`: nothing.
 */
export function measureScale(kind: ScaleKind, numbers: NumberRows, trainRows: Uint32Array): readonly Moments[] {
  if (kind === "none" || (kind === "unit" && greatestValue(numbers.dtype) !== undefined)) return [];
  return momentsOf(numbers, kind === "unit" ? 1 : numbers.channels, trainRows);
}

/** The scaling that follows from moments. Where nothing varies the values stay as far apart as they are. */
export function scalingOf(
  kind: ScaleKind,
  { dtype, channels }: Omit<NumberRows, "values" | "width">,
  moments: readonly Moments[],
): Scaling {
  if (kind === "none") return sameForAll(channels, 0, 1);
  if (kind === "standard") return standardScaling(moments);
  const greatest = greatestValue(dtype);
  if (greatest !== undefined) return sameForAll(channels, 0, 1 / greatest);
  const { least = 0, greatest: most = 0 } = moments[0] ?? {};
  return sameForAll(channels, least, most > least ? 1 / (most - least) : 1);
}

/** Mean 0 and deviation 1, by the moments of each channel. */
export function standardScaling(moments: readonly Moments[]): Scaling {
  const factors = moments.map(({ count, squares, ...range }) => 1 / usableDeviation(Math.sqrt(squares / count), range));
  return { offsets: Float64Array.from(moments, ({ mean }) => mean), factors: Float64Array.from(factors) };
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

/** In two passes: the mean, as the mean distance from the first row's value, then the squares around it. */
function momentsOf({ values, width }: NumberRows, channels: number, rows: Uint32Array): readonly Moments[] {
  const count = (rows.length * width) / channels;
  const [means, squares] = [new Float64Array(channels), new Float64Array(channels)];
  const origins = Float64Array.from({ length: channels }, (_, channel) => values[(rows[0] ?? 0) * width + channel] ?? 0);
  const [least, greatest] = [new Float64Array(channels).fill(Infinity), new Float64Array(channels).fill(-Infinity)];
  const eachValue = (visit: (value: number, channel: number) => void): void => {
    for (const row of rows) {
      for (let i = 0, channel = 0; i < width; i++) {
        visit(values[row * width + i] ?? 0, channel);
        channel = channel + 1 === channels ? 0 : channel + 1;
      }
    }
  };
  eachValue((value, channel) => {
    means[channel] = (means[channel] ?? 0) + (value - (origins[channel] ?? 0)) / count;
    if (value < (least[channel] ?? 0)) least[channel] = value;
    if (value > (greatest[channel] ?? 0)) greatest[channel] = value;
  });
  origins.forEach((origin, channel) => (means[channel] = (means[channel] ?? 0) + origin));
  eachValue((value, channel) => (squares[channel] = (squares[channel] ?? 0) + (value - (means[channel] ?? 0)) ** 2));
  return Array.from(means, (mean, channel) => ({
    count,
    mean,
    squares: squares[channel] ?? 0,
    least: least[channel] ?? 0,
    greatest: greatest[channel] ?? 0,
  }));
}

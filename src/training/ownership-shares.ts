import { dominanceThreshold, histogramBins } from "../experiment/record.ts";

/** Of one task and the elements of one tensor. */
export interface ShareCounts {
  /** Of its shares rAU. */
  readonly sum: number;
  /** Elements of which its share is above `dominanceThreshold`. */
  readonly above: number;
  /** Elements by share, in `histogramBins` bins. */
  readonly counts: Int32Array;
}

/** While elements are counted: those that nothing has moved are counted as nobody's, and one bin more is for a share of 1. */
export class OpenCounts {
  sum = 0;
  above = 0;
  readonly counts = new Int32Array(histogramBins + 1);
}

/**
 * Elements that are looked at at a time: what is computed of them stays in the processor's nearest memory, and their shares are added up
 * first.
 */
export const stretch = 1024;

/** Shares of every task in what all of them have moved, of a tensor of `size` elements. */
export function countShares(accumulated: readonly Float32Array[], size: number): readonly ShareCounts[] {
  const counted = accumulated.map(() => new OpenCounts());
  const inverse = new Float64Array(Math.min(stretch, size));
  let idle = 0;
  for (let start = 0; start < size; start += stretch) {
    const length = Math.min(stretch, size - start);
    inverse.fill(0);
    for (const au of accumulated) for (let e = 0; e < length; e++) inverse[e] = (inverse[e] ?? 0) + (au[start + e] ?? 0);
    for (let e = 0; e < length; e++) {
      const total = inverse[e] ?? 0;
      if (total === 0) idle += 1;
      inverse[e] = total > 0 ? 1 / total : 0;
    }
    accumulated.forEach((au, position) => {
      const own = counted[position];
      if (own === undefined) return;
      const { counts } = own;
      let [sum, above] = [0, 0];
      for (let e = 0; e < length; e++) {
        const share = (au[start + e] ?? 0) * (inverse[e] ?? 0);
        sum += share;
        above += share > dominanceThreshold ? 1 : 0;
        const bin = (share * histogramBins) | 0;
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      own.sum += sum;
      own.above += above;
    });
  }
  return withIdle(counted, idle);
}

/** What nothing has moved is everybody's alike. */
export function withIdle(counted: readonly OpenCounts[], idle: number): readonly ShareCounts[] {
  const even = 1 / counted.length;
  const evenBin = Math.min(histogramBins - 1, Math.trunc(even * histogramBins));
  return counted.map(({ sum, above, counts }) => {
    counts[0] = (counts[0] ?? 0) - idle;
    counts[evenBin] = (counts[evenBin] ?? 0) + idle;
    counts[histogramBins - 1] = (counts[histogramBins - 1] ?? 0) + (counts[histogramBins] ?? 0);
    return { sum: sum + idle * even, above: above + (even > dominanceThreshold ? idle : 0), counts: counts.subarray(0, histogramBins) };
  });
}

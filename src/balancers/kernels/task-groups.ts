/** Least-squares slope of the values over their places, relative to their mean; 0 for fewer than two values or a mean of 0. */
export function relativeSlope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2 || !(mean > 0)) return 0;
  const [rise, run] = values.reduce(([a, b], value, i) => [a + (i - middle) * (value - mean), b + (i - middle) ** 2], [0, 0]);
  return rise / run / mean;
}

/**
 * Puts numbers into at most `groups` groups by cutting their sorted row at its widest gaps. Answers with each number's group, counted
 * by size of the numbers; equal numbers are never parted.
 */
export function groupByGaps(values: readonly number[], groups: number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((value, i) => ({ at: value, width: value - (sorted[i] ?? value) }));
  const cuts = gaps
    .filter(({ width }) => width > 0)
    .sort((a, b) => b.width - a.width)
    .slice(0, groups - 1)
    .map(({ at }) => at);
  return values.map((value) => cuts.filter((cut) => value >= cut).length);
}

import type { Line, XAxis } from "./model.ts";

/** With fewer values than these none is an outlier. */
const fewest = 20;
/** The middle of the values: without this part at either end. */
const tail = 0.05;
/** How far from the middle a value is an outlier, in widths of the middle. */
const far = 1.5;

/**
 * Bounds of the y axis that cut outliers off, where there are any within the span of the x axis; null on a side where
 * there is none, and the data set the axis. On a log axis distances are ratios.
 */
export function boundsWithoutOutliers(
  lines: readonly Pick<Line, "curve">[],
  { min, max }: Pick<XAxis, "min" | "max">,
  log: boolean,
): readonly [low: number | null, high: number | null] {
  const values = Float64Array.from(
    lines.flatMap(({ curve: { steps, values: all } }) =>
      [...all.keys()].flatMap((i) => {
        const [step, value] = [steps[i] ?? NaN, all[i] ?? NaN];
        return step >= min && step <= max && Number.isFinite(value) && (!log || value > 0) ? [log ? Math.log(value) : value] : [];
      }),
    ),
  ).sort();
  const [least, most] = [values[0], values.at(-1)];
  if (values.length < fewest || least === undefined || most === undefined) return [null, null];
  const at = (part: number): number => values[Math.round(part * (values.length - 1))] ?? NaN;
  const [low, high] = [at(tail), at(1 - tail)];
  const room = far * (high - low);
  const written = (value: number): number => (log ? Math.exp(value) : value);
  return [least < low - room ? written(low - room) : null, most > high + room ? written(high + room) : null];
}

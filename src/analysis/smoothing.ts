/**
 * Exponential mean of a series, corrected for its start and aware of the spacing of the points: a point `Δ` steps after
 * the last one forgets `strength ^ (Δ / unit)` of what was known. So a series recorded rarely is smoothed little, and
 * points left out by a reduction do not change how far back the mean reaches.
 *
 * @param steps increasing
 * @param strength in [0, 1): 0 gives the values back
 * @param unit steps after which `strength` of the past is left
 * @returns one value a point; a value that is not finite stays in its place and is left out of the mean
 */
export function smooth(steps: Float64Array, values: Float64Array, strength: number, unit: number): Float64Array {
  if (strength <= 0 || !(unit > 0)) return values;
  const smoothed = new Float64Array(values.length);
  let mean = 0;
  let weight = 0;
  let last = firstReach(steps, unit);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    const step = steps[i] ?? last;
    if (!Number.isFinite(value)) {
      smoothed[i] = value;
      continue;
    }
    const kept = strength ** (Math.max(step - last, 0) / unit);
    // Two points of one step (a reduction may keep both) still count both: the second one a little.
    const share = step > last ? 1 - kept : (1 - strength) / unit;
    mean = (1 - share) * mean + share * value;
    weight = (1 - share) * weight + share;
    smoothed[i] = mean / weight;
    last = step;
  }
  return smoothed;
}

/** Where the step before the first would be: one spacing back, so that the first point weighs as much as the second. */
function firstReach(steps: Float64Array, unit: number): number {
  const [first, second] = steps;
  if (first === undefined) return 0;
  return first - (second === undefined || second <= first ? unit : second - first);
}

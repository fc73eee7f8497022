/**
 * A series brought to equal columns, one number each: the mean of the column's points, or the last value before it where
 * it has none. Columns before the first point and after the last one are NaN.
 *
 * @param steps increasing
 * @param span steps at the left edge of the first and the right edge of the last column
 */
export function columnMeans(
  steps: Float64Array,
  values: Float64Array,
  span: readonly [from: number, to: number],
  columns: number,
): Float64Array {
  const means = new Float64Array(columns).fill(Number.NaN);
  const width = (span[1] - span[0]) / columns;
  if (steps.length === 0 || !(width > 0)) return means;
  const first = columnOf(steps[0] ?? 0);
  const last = Math.min(columnOf(steps.at(-1) ?? 0), columns - 1);
  let point = 0;
  let before = Number.NaN;
  for (let column = Math.max(first, 0); column <= last; column++) {
    let sum = 0;
    let count = 0;
    for (; point < steps.length && columnOf(steps[point] ?? 0) <= column; point++) {
      const value = values[point] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      before = value;
      if (columnOf(steps[point] ?? 0) < column) continue;
      sum += value;
      count++;
    }
    means[column] = count > 0 ? sum / count : before;
  }
  return means;

  // A point on the right edge belongs to the last column.
  function columnOf(step: number): number {
    return step === span[1] ? columns - 1 : Math.floor((step - span[0]) / width);
  }
}

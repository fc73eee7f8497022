/** A size and the time of a step with it. */
export interface Point {
  readonly size: number;
  readonly secondsPerStep: number;
}

/** From one size to the next. */
export interface Growth {
  readonly from: number;
  readonly to: number;
  /** By what the time of a step grows for each time that the size does: log(t₂/t₁) / log(n₂/n₁); 1 is linear. */
  readonly exponent: number;
  /** Time per step over linear growth, (t₂/t₁) / (n₂/n₁): above 1 is worse than linear. */
  readonly overLinear: number;
  readonly isWorseThanLinear: boolean;
}

/** What the scatter of two medians explains. */
export const scatter = 0.1;

/** Between neighbours: worse than linear is a step whose time grows by a tenth more than the size does. */
export function growth(points: readonly Point[]): readonly Growth[] {
  const sorted = points.toSorted((a, b) => a.size - b.size);
  return sorted.slice(1).flatMap((after, index) => {
    const before = sorted[index];
    if (before === undefined) return [];
    const [sizes, times] = [after.size / before.size, after.secondsPerStep / before.secondsPerStep];
    if (!(sizes > 1) || !(times > 0)) throw new RangeError(`From ${before.size} to ${after.size} nothing grows that could be compared.`);
    const overLinear = times / sizes;
    return [
      {
        from: before.size,
        to: after.size,
        exponent: Math.log(times) / Math.log(sizes),
        overLinear,
        isWorseThanLinear: overLinear > 1 + scatter,
      },
    ];
  });
}

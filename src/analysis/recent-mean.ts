/** Recorded points that a figure "now" is the mean of, since single steps are noisy. */
export const recentPoints = 20;

/** Mean of the finite values among the last recorded points; null where none is finite. */
export function recentMean(values: ArrayLike<number>): number | null {
  const finite = Array.from(values).slice(-recentPoints).filter(Number.isFinite);
  return finite.length === 0 ? null : finite.reduce((sum, value) => sum + value, 0) / finite.length;
}

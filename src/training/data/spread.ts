/**
 * The deviation that numbers are divided by: 1 where they are the same but for the last bits, as sums in another order leave them. Standardising by those
 * would blow noise up. What goes by the range and not by the mean also holds for numbers far from 0, such as times in microseconds.
 */
export function usableDeviation(deviation: number, { least, greatest }: { readonly least: number; readonly greatest: number }): number {
  const rounding = 4 * Number.EPSILON * Math.max(Math.abs(least), Math.abs(greatest));
  return greatest - least > rounding && deviation > 0 ? deviation : 1;
}

/** Whether a cell is a whole number that a double cannot hold: another one would take its place. */
export function isRounded(text: string, value: number): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && /^[+-]?\d+$/.test(text) && BigInt(text.replace("+", "")) !== BigInt(value);
}

/** A vector over all common parameters. */
type Row = Float32Array | Float64Array;

/** `(1 − rate) · before + rate · factor · row`, element by element; `before` is 0 where left out. A rate of 1 forgets it exactly. */
export function movedTowards(before: Float64Array | undefined, row: Row, rate: number, factor = 1): Float64Array {
  const moved = new Float64Array(row.length);
  const part = rate * factor;
  if (before === undefined) {
    for (let i = 0; i < moved.length; i++) moved[i] = part * (row[i] ?? 0);
    return moved;
  }
  const kept = 1 - rate;
  for (let i = 0; i < moved.length; i++) moved[i] = kept * (before[i] ?? 0) + part * (row[i] ?? 0);
  return moved;
}

/** Σ w_i row_i. */
export function combined(rows: readonly Row[], weights: readonly number[]): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  rows.forEach((row, position) => {
    const weight = weights[position] ?? 0;
    if (weight === 0) return;
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + weight * (row[i] ?? 0);
  });
  return sum;
}

/** `factor · row / divisor`, element by element. */
export function dividedBy(row: Row, divisor: Row, factor: number): Float64Array {
  const quotient = new Float64Array(row.length);
  for (let i = 0; i < quotient.length; i++) quotient[i] = (factor * (row[i] ?? 0)) / (divisor[i] ?? 1);
  return quotient;
}

/** Gram matrix of the rows. */
export function rowProducts(rows: readonly Row[]): number[][] {
  const gram = rows.map(() => new Array<number>(rows.length).fill(0));
  rows.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const value = rowProduct(row, rows[j] ?? row);
      gram[i]?.splice(j, 1, value);
      gram[j]?.splice(i, 1, value);
    }
  });
  return gram;
}

export function rowLength(row: Row): number {
  return Math.sqrt(rowProduct(row, row));
}

function rowProduct(a: Row, b: Row): number {
  // Four sums that do not wait for each other.
  let [first, second, third, fourth] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let i = 0; i < whole; i += 4) {
    first += (a[i] ?? 0) * (b[i] ?? 0);
    second += (a[i + 1] ?? 0) * (b[i + 1] ?? 0);
    third += (a[i + 2] ?? 0) * (b[i + 2] ?? 0);
    fourth += (a[i + 3] ?? 0) * (b[i + 3] ?? 0);
  }
  for (let i = whole; i < a.length; i++) first += (a[i] ?? 0) * (b[i] ?? 0);
  return first + second + third + fourth;
}

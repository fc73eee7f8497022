/**
 * Solves the square system `matrix · x = right` by Gaussian elimination with complete pivoting, in float64.
 * Directions that the matrix does not determine (pivots below 1e-13 of the largest entry) get 0, so that a singular but
 * consistent system has an answer. Sizes here are at most some fifty.
 */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const { rows, columns, rank } = reduced(matrix.map((row, i) => Float64Array.of(...row, right[i] ?? 0)));
  return backSubstitute(rows, columns, rank, (i) => rows[i]?.[size] ?? 0);
}

/**
 * A basis of the vectors x with `matrix · x = 0`, up to the same rounding; empty for a regular matrix. Each has a 1 where no
 * other has anything, and exact zeros where the matrix falls apart into blocks.
 */
export function nullVectors(matrix: readonly (readonly number[])[]): number[][] {
  const { rows, columns, rank } = reduced(matrix.map((row) => Float64Array.from([...row, 0])));
  return columns.slice(rank).map((free) => {
    const vector = backSubstitute(rows, columns, rank, (i) => -(rows[i]?.[free] ?? 0));
    vector[free] = 1;
    return vector;
  });
}

/** Upper triangle by complete pivoting; the last column of each row is taken along as right-hand side. */
function reduced(rows: Float64Array[]) {
  const size = rows.length;
  const columns = Array.from({ length: size }, (_, i) => i);
  const largest = rows.reduce((most, row) => row.subarray(0, size).reduce((max, value) => Math.max(max, Math.abs(value)), most), 0);
  let rank = 0;
  for (; rank < size; rank++) {
    const pivot = largestEntry(rows, columns, rank);
    if (!(pivot.value > 1e-13 * largest)) break;
    swap(rows, rank, pivot.row);
    swap(columns, rank, pivot.column);
    eliminate(rows, columns, rank);
  }
  return { rows, columns, rank };
}

function largestEntry(rows: readonly Float64Array[], columns: readonly number[], from: number) {
  const best = { value: 0, row: from, column: from };
  for (let i = from; i < rows.length; i++) {
    for (let j = from; j < columns.length; j++) {
      const value = Math.abs(entry(rows, columns, i, j));
      if (value > best.value) Object.assign(best, { value, row: i, column: j });
    }
  }
  return best;
}

function eliminate(rows: readonly Float64Array[], columns: readonly number[], pivot: number): void {
  const source = rows[pivot] ?? new Float64Array();
  for (let i = pivot + 1; i < rows.length; i++) {
    const factor = entry(rows, columns, i, pivot) / entry(rows, columns, pivot, pivot);
    if (factor === 0) continue;
    const target = rows[i] ?? new Float64Array();
    for (let j = 0; j < target.length; j++) target[j] = (target[j] ?? 0) - factor * (source[j] ?? 0);
  }
}

function backSubstitute(rows: readonly Float64Array[], columns: readonly number[], rank: number, right: (row: number) => number): number[] {
  const solution = new Array<number>(columns.length).fill(0);
  for (let i = rank - 1; i >= 0; i--) {
    let rest = right(i);
    for (let j = i + 1; j < rank; j++) rest -= entry(rows, columns, i, j) * (solution[columns[j] ?? 0] ?? 0);
    solution[columns[i] ?? 0] = rest / entry(rows, columns, i, i);
  }
  return solution;
}

function entry(rows: readonly Float64Array[], columns: readonly number[], i: number, j: number): number {
  return rows[i]?.[columns[j] ?? 0] ?? 0;
}

function swap(values: unknown[], i: number, j: number): void {
  [values[i], values[j]] = [values[j], values[i]];
}

/**
 * Solves the square system `matrix · x = right` by Gaussian elimination with complete pivoting, in float64.
 * Directions that the matrix does not determine (pivots below 1e-13 of the largest entry) get 0, so that a singular but
 * consistent system has an answer. Sizes here are at most some hundred.
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
  return columns.slice(rank).map((free, position) => {
    const vector = backSubstitute(rows, columns, rank, (i) => -(rows[i]?.[rank + position] ?? 0));
    vector[free] = 1;
    return vector;
  });
}

/** Upper triangle by complete pivoting; the last column of each row is taken along as right-hand side. */
function reduced(rows: Float64Array[]) {
  const size = rows.length;
  const columns = Array.from({ length: size }, (_, i) => i);
  let largest = 0;
  let rank = 0;
  for (; rank < size; rank++) {
    const pivot = largestEntry(rows, rank, size);
    largest = Math.max(largest, pivot.value);
    if (!(pivot.value > 1e-13 * largest)) break;
    swap(rows, rank, pivot.row);
    if (pivot.column !== rank) {
      swap(columns, rank, pivot.column);
      for (const row of rows) swapEntries(row, rank, pivot.column);
    }
    eliminate(rows, rank);
  }
  return { rows, columns, rank };
}

function largestEntry(rows: readonly Float64Array[], from: number, size: number) {
  const best = { value: 0, row: from, column: from };
  for (let i = from; i < size; i++) {
    const row = rows[i] ?? new Float64Array();
    for (let j = from; j < size; j++) {
      const value = Math.abs(row[j] ?? 0);
      if (value > best.value) [best.value, best.row, best.column] = [value, i, j];
    }
  }
  return best;
}

function eliminate(rows: readonly Float64Array[], pivot: number): void {
  const source = rows[pivot] ?? new Float64Array();
  for (let i = pivot + 1; i < rows.length; i++) {
    const target = rows[i] ?? new Float64Array();
    const factor = (target[pivot] ?? 0) / (source[pivot] ?? 1);
    if (factor === 0) continue;
    for (let j = pivot; j < target.length; j++) target[j] = (target[j] ?? 0) - factor * (source[j] ?? 0);
  }
}

function backSubstitute(rows: readonly Float64Array[], columns: readonly number[], rank: number, right: (row: number) => number): number[] {
  const solution = new Array<number>(columns.length).fill(0);
  for (let i = rank - 1; i >= 0; i--) {
    const row = rows[i] ?? new Float64Array();
    let rest = right(i);
    for (let j = i + 1; j < rank; j++) rest -= (row[j] ?? 0) * (solution[columns[j] ?? 0] ?? 0);
    solution[columns[i] ?? 0] = rest / (row[i] ?? 1);
  }
  return solution;
}

function swap(values: unknown[], i: number, j: number): void {
  [values[i], values[j]] = [values[j], values[i]];
}

function swapEntries(row: Float64Array, i: number, j: number): void {
  const kept = row[i] ?? 0;
  row[i] = row[j] ?? 0;
  row[j] = kept;
}

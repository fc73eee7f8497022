import type { KernelContext } from "../kernel-context.ts";

/** Columns of a matrix, packed for the inner loop in panels of one width, one behind the other. */
export interface Panels {
  /** First column of the matrix in these panels. */
  readonly first: number;
  /** Columns of a panel. */
  readonly width: 8 | 4;
  readonly count: number;
  /** How many columns are the matrix's: at most three of the last panel are not. */
  readonly columns: number;
  readonly address: number;
}

/** Cuts `columns` columns into panels of 8, and one of 4 when at most 4 are left; packed they take `packedFloats`. */
export function panelsOf(columns: number, depth: number, address: number): readonly Panels[] {
  const count = Math.floor((columns + 3) / 8);
  const covered = Math.min(columns, count * 8);
  const left = columns - covered;
  return [
    ...(count > 0 ? [{ first: 0, width: 8 as const, count, columns: covered, address }] : []),
    ...(left > 0 ? [{ first: covered, width: 4 as const, count: 1, columns: left, address: address + covered * depth * 4 }] : []),
  ];
}

/** Room for all panels of `columns` columns with `depth` numbers each. */
export function packedFloats(columns: number, depth: number): number {
  return Math.ceil(columns / 4) * 4 * depth;
}

/**
 * Packs a matrix of `depth` rows and `columns` columns at `matrix`. With `transposed` it lies there as `columns` rows of
 * `depth` numbers. The panels stay valid until scratch `name` is used again.
 */
export function pack(
  { heap, program }: KernelContext,
  name: string,
  matrix: number,
  columns: number,
  depth: number,
  transposed: boolean,
): readonly Panels[] {
  const packed = panelsOf(columns, depth, heap.scratch(name, packedFloats(columns, depth)));
  for (const panels of packed) {
    if (transposed) {
      const run = panels.width === 8 ? program.packTransposed8 : program.packTransposed4;
      run(matrix + panels.first * depth * 4, depth * 4, panels.address, depth, panels.columns);
    } else {
      const run = panels.width === 8 ? program.packRows8 : program.packRows4;
      run(matrix + panels.first * 4, columns * 4, panels.address, depth, panels.count);
    }
  }
  return packed;
}

/** The routine that multiplies `rowCount` rows with panels of this width. */
export function rowsRoutine({ program }: KernelContext, width: 8 | 4, rowCount: number) {
  if (width === 8) return rowCount >= 4 ? program.rows4x8 : program.rows1x8;
  if (rowCount >= 8) return program.rows8x4;
  return rowCount >= 4 ? program.rows4x4 : program.rows1x4;
}

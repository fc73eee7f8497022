import type { KernelContext } from "../kernel-context.ts";

/** A slice of a matrix's columns, packed for the inner loop. */
export interface Panel {
  /** First column of the matrix in this panel. */
  readonly first: number;
  /** 8 or 4; a panel is packed this wide. */
  readonly width: 8 | 4;
  /** How many of its columns are the matrix's: more than `width - 4`. */
  readonly columns: number;
  readonly address: number;
}

/** Cuts `columns` columns into panels of 8, and one of 4 when at most 4 are left; packed they take `packedFloats`. */
export function panelsOf(columns: number, depth: number, address: number): Panel[] {
  const panels: Panel[] = [];
  for (let first = 0; first < columns; first += 8) {
    const left = columns - first;
    panels.push({ first, width: left > 4 ? 8 : 4, columns: Math.min(left, 8), address: address + first * depth * 4 });
  }
  return panels;
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
): Panel[] {
  const panels = panelsOf(columns, depth, heap.scratch(name, packedFloats(columns, depth)));
  for (const panel of panels) {
    if (transposed) {
      const run = panel.width === 8 ? program.packTransposed8 : program.packTransposed4;
      run(matrix + panel.first * depth * 4, depth * 4, panel.address, depth, panel.columns);
    } else {
      const run = panel.width === 8 ? program.packRows8 : program.packRows4;
      run(matrix + panel.first * 4, columns * 4, panel.address, depth);
    }
  }
  return panels;
}

/** The routine that multiplies `rowCount` rows with a panel of this width. */
export function rowsRoutine({ program }: KernelContext, width: 8 | 4, rowCount: number) {
  if (width === 8) return rowCount >= 4 ? program.rows4x8 : program.rows1x8;
  if (rowCount >= 8) return program.rows8x4;
  return rowCount >= 4 ? program.rows4x4 : program.rows1x4;
}

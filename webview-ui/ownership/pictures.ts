import { ownerOf } from "../../src/analysis/ownership.ts";
import type { Rgb } from "../colour.ts";
import type { Theme } from "../theme.ts";
import type { Row } from "./rows.ts";
import { type ShareColumns, sharesAt } from "./shares.ts";

/** Pictures made pixel by pixel: one `putImageData` is a hundred times faster than a chart of cells. */

/** Which task stands behind each row of shares, and which is shown alone, if one is. */
export interface Colouring {
  readonly theme: Theme;
  /** Index among all tasks of each task with shares here. */
  readonly tasks: readonly number[];
  /** Index among all tasks of the one shown alone: its share from neutral to its hue. */
  readonly alone: number | null;
}

/** Colour of one cell: the owner's hue, as far from neutral as its share is from an even split. Null: nothing recorded. */
export function cellColour(shares: readonly number[], { theme, tasks, alone }: Colouring): Rgb | null {
  if (alone !== null) {
    const share = shares[tasks.indexOf(alone)] ?? 0;
    return Number.isFinite(share) ? theme.owned(alone, share) : null;
  }
  const owner = ownerOf(shares);
  return owner ? theme.owned(tasks[owner.task] ?? 0, owner.strength) : null;
}

/** The heat map: one picture of all rows. */
export function paintHeatMap(
  context: CanvasRenderingContext2D,
  height: number,
  rows: readonly { readonly row: Row; readonly shares: ShareColumns; readonly colouring: Colouring }[],
): void {
  const { width } = context.canvas;
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (const { row, shares, colouring } of rows) {
    for (let column = 0; column < width; column++) {
      const colour = cellColour(sharesAt(shares, column), colouring);
      if (colour) pixels.fill(packed(colour), row.top * width + column, row.top * width + column + 1);
    }
    const first = pixels.subarray(row.top * width, (row.top + 1) * width);
    for (let y = row.top + 1; y < row.top + row.height; y++) pixels.set(first, y * width);
  }
  context.putImageData(image, 0, 0);
}

/**
 * The trunk strip: parts of the weights that tasks own, stacked; the rest neutral. With two tasks the second hangs from
 * the top, so that both have a straight edge.
 */
export function paintStrip(
  context: CanvasRenderingContext2D,
  height: number,
  owned: ShareColumns,
  { theme, alone }: Pick<Colouring, "theme" | "alone">,
): void {
  const { width } = context.canvas;
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const neutral = packed(theme.neutral);
  const column = new Uint32Array(height);
  for (let x = 0; x < width; x++) {
    const parts = sharesAt(owned, x);
    if (!parts.every(Number.isFinite)) continue;
    column.fill(neutral);
    let bottom = height;
    parts.forEach((part, task) => {
      if (alone !== null && task !== alone) return;
      const size = part * height;
      if (parts.length === 2 && task === 1 && alone === null) column.fill(packed(theme.task(task)), 0, Math.round(size));
      else {
        column.fill(packed(theme.task(task)), Math.round(bottom - size), Math.round(bottom));
        bottom -= size;
      }
    });
    for (let y = 0; y < height; y++) pixels[y * width + x] = column[y] ?? neutral;
  }
  context.putImageData(image, 0, 0);
}

/** An opaque pixel as `ImageData` keeps it (little-endian: alpha first). */
export function packed([red, green, blue]: Rgb): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

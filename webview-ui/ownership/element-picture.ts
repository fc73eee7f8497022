import type { ElementLayout } from "./element-layout.ts";
import { elementIndex, pixelOf } from "./element-layout.ts";
import type { ElementShares } from "./element-shares.ts";
import { cellColour, type Colouring, packed } from "./pictures.ts";

const stripGap = 4;
const stripHeight = 8;

/** Pixels of the map with the strip of output means below it. */
export function pictureHeight(layout: ElementLayout): number {
  return layout.height + (layout.inputs * layout.window[0] > 1 ? stripGap + stripHeight : 0);
}

/** Paints the map of a tensor's weights, and below it the mean of each output channel. */
export function paintElements(
  context: CanvasRenderingContext2D,
  layout: ElementLayout,
  elements: ElementShares,
  colouring: Colouring,
): void {
  const width = layout.width;
  const image = context.createImageData(width, pictureHeight(layout));
  const pixels = new Uint32Array(image.data.buffer);
  const [high, wide] = layout.window;
  const [groupDown, groupAcross] = layout.grouped;
  const down = layout.inputs * high;
  const across = layout.outputs * wide;
  const fill = (x: number, y: number, w: number, h: number, colour: number): void => {
    for (let row = y; row < y + h; row++) pixels.fill(colour, row * width + x, row * width + x + w);
  };

  for (let row = 0; row < down; row += groupDown) {
    for (let column = 0; column < across; column += groupAcross) {
      const colour = cellColour(meanOver(row, Math.min(row + groupDown, down), column, Math.min(column + groupAcross, across)), colouring);
      if (!colour) continue;
      const x = pixelOf(column, wide, layout.cell[0], layout.gap, groupAcross);
      const y = pixelOf(row, high, layout.cell[1], layout.gap, groupDown);
      fill(x, y, layout.cell[0], layout.cell[1], packed(colour));
    }
  }
  if (down > 1) {
    for (let column = 0; column < across; column += Math.max(groupAcross, wide)) {
      const colour = cellColour(meanOver(0, down, column, Math.min(column + Math.max(groupAcross, wide), across)), colouring);
      if (!colour) continue;
      const x = pixelOf(column, wide, layout.cell[0], layout.gap, groupAcross);
      const w = groupAcross > 1 ? layout.cell[0] : wide * layout.cell[0];
      fill(x, layout.height + stripGap, Math.min(w, width - x), stripHeight, packed(colour));
    }
  }
  context.putImageData(image, 0, 0);

  /** Mean shares over a block of cells. */
  function meanOver(fromRow: number, toRow: number, fromColumn: number, toColumn: number): number[] {
    const sums = new Array<number>(elements.tasks).fill(0);
    for (let row = fromRow; row < toRow; row++) {
      for (let column = fromColumn; column < toColumn; column++) {
        const index = elementIndex(layout, Math.floor(row / high), Math.floor(column / wide), row % high, column % wide);
        for (let task = 0; task < elements.tasks; task++)
          sums[task] = (sums[task] ?? 0) + (elements.shares[task * elements.size + index] ?? 0);
      }
    }
    // A weight that no task has moved yet has no owner: all shares are 0.
    const total = sums.reduce((sum, each) => sum + each, 0);
    return total > 0 ? sums.map((each) => each / total) : sums.map(() => 1 / elements.tasks);
  }
}

/**
 * How the weights of one tensor lie in the element map. A matrix of inputs × outputs; a convolution kernel is tiled: one
 * tile of its window for each input and output. All sizes in whole pixels; where weights outnumber pixels, one pixel is
 * the mean of several.
 */
export interface ElementLayout {
  readonly outputs: number;
  readonly inputs: number;
  /** Window of a tile, height × width; 1 × 1 for a matrix. */
  readonly window: readonly [height: number, width: number];
  /** Pixels of one cell. */
  readonly cell: readonly [width: number, height: number];
  /** Pixels between tiles. */
  readonly gap: number;
  /** Cells (inputs × window) and (outputs × window) that share one pixel. */
  readonly grouped: readonly [down: number, across: number];
  /** Pixels of the whole map. */
  readonly width: number;
  readonly height: number;
}

const largestCell = 12;
/** A cell of a matrix is at most this much wider than high, or higher than wide. */
const mostStretch = 8;

/**
 * Lays a tensor out in the room there is.
 *
 * @param shape of the tensor as TensorFlow.js keeps it: `[…window, inputs, outputs]`, `[inputs, outputs]` or `[outputs]`
 */
export function layOutElements(shape: readonly number[], room: { readonly width: number; readonly height: number }): ElementLayout {
  const outputs = shape.at(-1) ?? 1;
  const inputs = shape.length > 1 ? (shape.at(-2) ?? 1) : 1;
  const [high, wide] = windowOf(shape);
  const down = inputs * high;
  const across = outputs * wide;
  const tiled = high * wide > 1;
  const gap = tiled && across + outputs <= room.width && down + inputs <= room.height ? 1 : 0;
  const freeWidth = room.width - (gap ? outputs - 1 : 0);
  const freeHeight = room.height - (gap ? inputs - 1 : 0);
  const byWidth = Math.floor(freeWidth / across);
  const byHeight = Math.floor(freeHeight / down);
  const size = (pixels: number): number => Math.min(largestCell, Math.max(1, pixels));
  // Tiles are square in their weights; a matrix may be stretched to be readable.
  const square = size(Math.min(byWidth, byHeight));
  const cell: readonly [number, number] = tiled
    ? [square, square]
    : [Math.min(size(byWidth), mostStretch * size(byHeight)), Math.min(size(byHeight), mostStretch * size(byWidth))];
  const grouped: readonly [number, number] = [
    Math.max(1, Math.ceil(down / Math.max(1, freeHeight))),
    Math.max(1, Math.ceil(across / Math.max(1, freeWidth))),
  ];
  return {
    outputs,
    inputs,
    window: [high, wide],
    cell,
    gap,
    grouped,
    width: Math.ceil(across / grouped[1]) * cell[0] + (gap ? outputs - 1 : 0),
    height: Math.ceil(down / grouped[0]) * cell[1] + (gap ? inputs - 1 : 0),
  };
}

/** Where a weight lies in the tensor, row-major: `[…window, inputs, outputs]`. */
export function elementIndex(layout: ElementLayout, input: number, output: number, ky: number, kx: number): number {
  return ((ky * layout.window[1] + kx) * layout.inputs + input) * layout.outputs + output;
}

/** The weight under a pixel; the first one of those that share it. Null beside the map. */
export function elementAt(
  layout: ElementLayout,
  x: number,
  y: number,
): { readonly index: number; readonly place: readonly number[] } | null {
  const [high, wide] = layout.window;
  const across = place(x, wide, layout.cell[0], layout.gap, layout.grouped[1]);
  const down = place(y, high, layout.cell[1], layout.gap, layout.grouped[0]);
  if (across.tile < 0 || down.tile < 0 || across.tile >= layout.outputs || down.tile >= layout.inputs) return null;
  const index = elementIndex(layout, down.tile, across.tile, down.within, across.within);
  const kernel = high * wide > 1 ? (wide > 1 ? [down.within, across.within] : [down.within]) : [];
  return { index, place: [...kernel, ...(layout.inputs > 1 || kernel.length > 0 ? [down.tile] : []), across.tile] };
}

/** Pixel of a cell along one direction, from its number counted over tiles. */
export function pixelOf(cell: number, window: number, size: number, gap: number, grouped: number): number {
  return Math.floor(cell / grouped) * size + (gap ? Math.floor(cell / window) : 0);
}

function place(
  pixel: number,
  window: number,
  size: number,
  gap: number,
  grouped: number,
): { readonly tile: number; readonly within: number } {
  const cell = gap
    ? Math.floor(pixel / (window * size + gap)) * window + Math.min(window - 1, Math.floor((pixel % (window * size + gap)) / size))
    : Math.floor(pixel / size) * grouped;
  return { tile: Math.floor(cell / window), within: cell % window };
}

/** Height and width of a kernel's window; other ranks are stacked into one column. */
function windowOf(shape: readonly number[]): readonly [height: number, width: number] {
  const window = shape.slice(0, -2);
  if (window.length === 2) return [window[0] ?? 1, window[1] ?? 1];
  return [window.reduce((all, each) => all * each, 1), 1];
}

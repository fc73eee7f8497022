import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type Geometry, convolution, inputTensor, numberList } from "../attributes.ts";
import type { KernelContext, KernelMaker } from "../kernel-context.ts";
import { borrowed } from "./borrowed.ts";
import { isDilated } from "./convolution.ts";
import { type Pictures, isPadded, padded, paddedSize, sizeOf } from "./padding.ts";
import { type Panels, pack, panelsOf, packedFloats, rowsRoutine } from "./panels.ts";

/** Gradient of a convolution for its filter, from pictures `x` and the gradient `dy` of the outputs. */
export const conv2DBackpropFilter: KernelMaker = (context) => {
  const plain = borrowed("Conv2DBackpropFilter");
  return (call) => {
    const x = inputTensor(call.inputs, "x");
    const dy = inputTensor(call.inputs, "dy");
    const filterShape = numberList(call.attrs, "filterShape");
    const geometry = convolution(x.shape, filterShape, call.attrs);
    return geometry === undefined || isDilated(geometry) ? plain(call) : filterGradient(context, x, dy, filterShape, geometry);
  };
};

/** Gradient of a convolution for its pictures; also the forward pass of a transposed convolution. */
export const conv2DBackpropInput: KernelMaker = (context) => {
  const published = context.published("Conv2DBackpropInput");
  return (call) => {
    const dy = inputTensor(call.inputs, "dy");
    const filter = inputTensor(call.inputs, "filter");
    const inputShape = numberList(call.attrs, "inputShape");
    const geometry = convolution(inputShape, filter.shape, call.attrs);
    return geometry === undefined || isDilated(geometry) ? published(call) : pictureGradient(context, dy, filter, inputShape, geometry);
  };
};

function filterGradient(
  context: KernelContext,
  x: TensorInfo,
  dy: TensorInfo,
  filterShape: readonly number[],
  geometry: Geometry,
): TensorInfo {
  const { heap } = context;
  const { batchSize, inChannels, outChannels, outHeight, outWidth, filterHeight, filterWidth } = geometry;
  const out = heap.output(filterShape);
  const pictures = padded(heap, heap.address(x), geometry);
  const segment = filterWidth * inChannels;
  const wide = packedFloats(outChannels, 1);
  const sums = heap.scratch("convolution:filter gradient", filterHeight * segment * wide);
  heap.floats().fill(0, sums / 4, sums / 4 + filterHeight * segment * wide);
  const outputFloats = outHeight * outWidth * outChannels;
  for (let b = 0; b < batchSize && outputFloats > 0; b++) {
    addFilterGradient(
      context,
      geometry,
      { ...pictures, address: pictures.address + b * sizeOf(pictures) * 4 },
      heap.address(dy) + b * outputFloats * 4,
      sums,
    );
  }
  copyColumns(heap.floats(), sums / 4, wide, heap.address(out) / 4, outChannels, filterHeight * segment);
  return out;
}

/** Adds what one picture contributes to the filter's gradient: a matrix with whole panels of columns at `sums`. */
function addFilterGradient(context: KernelContext, geometry: Geometry, picture: Pictures, dy: number, sums: number): void {
  const { inChannels, outChannels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth } = geometry;
  const segment = filterWidth * inChannels;
  const stride = packedFloats(outChannels, 1);
  const line = picture.width * inChannels * 4;
  const pixel = strideWidth * inChannels * 4;
  const lineGap = strideHeight * line - outWidth * pixel;
  for (const { width, first } of panelsOf(outChannels, 1, 0).flatMap(eachPanel)) {
    for (const { from, group, count } of tilesOf(segment)) {
      const run = outerRoutine(context, group, width);
      for (let y = 0; y < filterHeight; y++) {
        const to = sums + ((y * segment + from) * stride + first) * 4;
        run(
          picture.address + y * line + from * 4,
          pixel,
          lineGap,
          dy + first * 4,
          outChannels * 4,
          to,
          stride * 4,
          outWidth,
          outHeight,
          count,
        );
      }
    }
  }
}

function eachPanel({ width, first, count }: Panels): readonly Pick<Panels, "width" | "first">[] {
  return Array.from({ length: count }, (_, index) => ({ width, first: first + index * width }));
}

/** Splits the rows of a filter into tiles of five, and one with what is left. */
function tilesOf(rows: number): { readonly from: number; readonly group: 1 | 2 | 3 | 4 | 5; readonly count: number }[] {
  const whole = Math.floor(rows / 5);
  const left = rows % 5;
  const tiles = whole > 0 ? [{ from: 0, group: 5 as const, count: whole }] : [];
  if (left === 1 || left === 2 || left === 3 || left === 4) return [...tiles, { from: whole * 5, group: left, count: 1 }];
  return tiles;
}

function outerRoutine({ program }: KernelContext, group: 1 | 2 | 3 | 4 | 5, width: 8 | 4) {
  return program[`outer${group}x${width}`];
}

function copyColumns(floats: Float32Array, from: number, stride: number, to: number, columns: number, rows: number): void {
  for (let row = 0; row < rows; row++) floats.copyWithin(to + row * columns, from + row * stride, from + row * stride + columns);
}

/**
 * For some pictures at a time: the product of the outputs' gradients with the filter says what each output gives to every
 * number under its window; these are then added up where windows overlap.
 */
function pictureGradient(
  context: KernelContext,
  dy: TensorInfo,
  filter: TensorInfo,
  inputShape: readonly number[],
  geometry: Geometry,
): TensorInfo {
  const { heap } = context;
  const { batchSize, outChannels, outHeight, outWidth, filterHeight, filterWidth, inChannels } = geometry;
  const out = heap.output(inputShape);
  const size = paddedSize(geometry);
  const pictureFloats = size.height * size.width * inChannels;
  const outputs = outHeight * outWidth;
  const dx = isPadded(geometry) ? heap.scratch("convolution:padded gradient", batchSize * pictureFloats) : heap.address(out);
  const piece = filterHeight * filterWidth * inChannels;
  if (outputs * outChannels > 0 && piece > 0) {
    const panels = pack(context, "convolution:filter", heap.address(filter), piece, outChannels, true);
    // So many pictures that rows come in full groups, so few that the pieces stay in the processor's cache.
    const together = Math.max(1, Math.min(batchSize, Math.floor(64 / outputs)));
    const pieces = heap.scratch("convolution:pieces", together * outputs * piece);
    heap.floats().fill(0, dx / 4, dx / 4 + batchSize * pictureFloats);
    for (let b = 0; b < batchSize; b += together) {
      const count = Math.min(together, batchSize - b);
      spread(context, panels, heap.address(dy) + b * outputs * outChannels * 4, outChannels, pieces, piece, count * outputs);
      for (let i = 0; i < count; i++)
        gather(context, pieces + i * outputs * piece * 4, dx + (b + i) * pictureFloats * 4, size.width, geometry);
    }
  } else {
    heap.floats().fill(0, dx / 4, dx / 4 + batchSize * pictureFloats);
  }
  if (isPadded(geometry)) crop(heap.floats(), dx / 4, size.width, pictureFloats, heap.address(out) / 4, geometry);
  return out;
}

function spread(
  context: KernelContext,
  panels: readonly Panels[],
  dy: number,
  outChannels: number,
  pieces: number,
  piece: number,
  rows: number,
): void {
  for (const { width, first, columns, address } of panels) {
    rowsRoutine(context, width, rows)(
      dy,
      4,
      outChannels * 4,
      0,
      1,
      outChannels,
      0,
      address,
      pieces + first * 4,
      piece * 4,
      0,
      rows,
      1,
      columns,
      0,
      0,
    );
  }
}

function gather({ program }: KernelContext, pieces: number, dx: number, width: number, geometry: Geometry): void {
  const { inChannels, strideHeight, strideWidth, filterHeight, filterWidth, outHeight, outWidth } = geometry;
  const line = width * inChannels * 4;
  program.scatterPieces(
    pieces,
    dx,
    strideWidth * inChannels * 4,
    strideHeight * line,
    line,
    filterHeight,
    filterWidth * inChannels,
    outWidth,
    outHeight,
  );
}

/** Copies pictures without their padding. Positions in floats. */
function crop(floats: Float32Array, from: number, width: number, pictureFloats: number, to: number, geometry: Geometry): void {
  const { batchSize, inHeight, inWidth, inChannels, padInfo } = geometry;
  const lineFloats = inWidth * inChannels;
  for (let b = 0; b < batchSize; b++) {
    for (let y = 0; y < inHeight; y++) {
      const start = from + b * pictureFloats + ((y + padInfo.top) * width + padInfo.left) * inChannels;
      floats.copyWithin(to + (b * inHeight + y) * lineFloats, start, start + lineFloats);
    }
  }
}

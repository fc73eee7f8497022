import { util } from "@tensorflow/tfjs-core";
import { type Geometry, inputTensor, pooling } from "../attributes.ts";
import type { KernelContext, KernelMaker } from "../kernel-context.ts";

/** Gradient of max pooling: all of it goes to the first maximum of each window. The published one is slow. */
export const maxPoolGradient: KernelMaker = (context) => {
  const { heap } = context;
  const published = context.published("MaxPoolGrad");
  return (call) => {
    const dy = inputTensor(call.inputs, "dy");
    const x = inputTensor(call.inputs, "input");
    const y = call.inputs["output"];
    if (y === undefined) return published(call);
    const geometry = pooling(x.shape, call.attrs);
    const { batchSize, inChannels, inHeight, inWidth, outHeight, outWidth } = geometry;
    const out = heap.output(x.shape);
    const addresses = { x: heap.address(x), y: heap.address(y), dy: heap.address(dy), dx: heap.address(out) };
    if (!coversAll(geometry)) heap.floats().fill(0, addresses.dx / 4, addresses.dx / 4 + util.sizeFromShape(x.shape));
    const one = windowsApart(geometry) && inChannels >= 4 ? pictureApart : picture;
    const picturesBytes = inHeight * inWidth * inChannels * 4;
    const outputsBytes = outHeight * outWidth * inChannels * 4;
    for (let b = 0; b < batchSize && outputsBytes > 0; b++) {
      one(context, geometry, {
        x: addresses.x + b * picturesBytes,
        y: addresses.y + b * outputsBytes,
        dy: addresses.dy + b * outputsBytes,
        dx: addresses.dx + b * picturesBytes,
      });
    }
    return out;
  };
};

interface Addresses {
  readonly x: number;
  readonly y: number;
  readonly dy: number;
  readonly dx: number;
}

/** No pixel is under two windows, and no window reaches over the border. */
function windowsApart({ strideHeight, strideWidth, filterHeight, filterWidth, padInfo }: Geometry): boolean {
  return strideHeight >= filterHeight && strideWidth >= filterWidth && padInfo.top + padInfo.bottom + padInfo.left + padInfo.right === 0;
}

/** Every pixel is written by the routine for windows apart. */
function coversAll(geometry: Geometry): boolean {
  const { filterHeight, filterWidth, outHeight, outWidth, inHeight, inWidth, inChannels } = geometry;
  return windowsApart(geometry) && inChannels >= 4 && outHeight * filterHeight === inHeight && outWidth * filterWidth === inWidth;
}

function pictureApart({ program }: KernelContext, geometry: Geometry, { x, y, dy, dx }: Addresses): void {
  const { inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth } = geometry;
  const line = inWidth * inChannels * 4;
  const pixelStep = strideWidth * inChannels * 4;
  program.maxPoolGradientApart(
    x,
    y,
    dy,
    dx,
    inChannels,
    line,
    strideHeight * line,
    pixelStep,
    outHeight,
    outWidth,
    filterHeight,
    filterWidth,
  );
}

function picture({ program }: KernelContext, geometry: Geometry, { x, y, dy, dx }: Addresses): void {
  const { inWidth, inHeight, inChannels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = geometry;
  const window = [filterHeight, filterWidth, strideHeight, strideWidth, padInfo.top, padInfo.left];
  program.maxPoolGradient(x, y, dy, dx, inHeight, inWidth, inChannels, outHeight, outWidth, ...window);
}

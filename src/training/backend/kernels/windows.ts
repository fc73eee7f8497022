import type { Geometry } from "../attributes.ts";

/**
 * Visits every pixel under every window of a pooling or convolution, padding left out: which pixel of
 * the pictures, which of the outputs, which of the window. The order is fixed.
 */
export function forEachWindowPixel(geometry: Geometry, visit: (pixel: number, output: number, tap: number) => void): void {
  const {
    batchSize,
    inHeight,
    inWidth,
    outHeight,
    outWidth,
    filterHeight,
    filterWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padInfo,
  } = geometry;
  for (let output = 0; output < batchSize * outHeight * outWidth; output++) {
    const picture = Math.floor(output / (outHeight * outWidth));
    const top = (Math.floor(output / outWidth) % outHeight) * strideHeight - padInfo.top;
    const left = (output % outWidth) * strideWidth - padInfo.left;
    for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
      const y = top + Math.floor(tap / filterWidth) * dilationHeight;
      const x = left + (tap % filterWidth) * dilationWidth;
      if (y >= 0 && y < inHeight && x >= 0 && x < inWidth) visit((picture * inHeight + y) * inWidth + x, output, tap);
    }
  }
}

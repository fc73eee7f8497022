import type { Geometry } from "../attributes.ts";

/**
 * Visits every pixel under every window of a pooling or convolution, padding left out: positions of pixels (not numbers) in
 * the pictures, the outputs and the window. The order is fixed.
 */
export function forEachWindowPixel(geometry: Geometry, visit: (picturePixel: number, outputPixel: number, windowPixel: number) => void): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } = geometry;
  for (let b = 0; b < batchSize; b++) {
    for (let outY = 0; outY < outHeight; outY++) {
      for (let outX = 0; outX < outWidth; outX++) {
        const output = (b * outHeight + outY) * outWidth + outX;
        for (let fy = 0; fy < filterHeight; fy++) {
          const y = outY * strideHeight + fy * dilationHeight - padInfo.top;
          if (y < 0 || y >= inHeight) continue;
          for (let fx = 0; fx < filterWidth; fx++) {
            const x = outX * strideWidth + fx * dilationWidth - padInfo.left;
            if (x >= 0 && x < inWidth) visit((b * inHeight + y) * inWidth + x, output, fy * filterWidth + fx);
          }
        }
      }
    }
  }
}

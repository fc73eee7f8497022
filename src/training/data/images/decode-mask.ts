import { ImageFault } from "./image-fault.ts";
import { decodePng, pngSignature } from "./png.ts";
import { resizeNearest, type ImageSize } from "./resize.ts";

/** What a pixel has that no mask says anything of, such as those beside an image that is contained in its size. */
export const noLabel = 65_535;

/**
 * Decodes a png whose pixels are class numbers, grey or palette indices as they stand, and brings it to a size by the nearest pixel.
 * Throws `ImageFault`, MTL362 for other images.
 */
export function decodeMask(bytes: Uint8Array, size: ImageSize): Uint16Array<ArrayBuffer> {
  if (!pngSignature.equals(bytes.subarray(0, pngSignature.length))) {
    throw new ImageFault("MTL362", "is no png; the pixels of a mask are class numbers, which only png keeps as they are.");
  }
  const png = decodePng(bytes);
  if (png.channels !== 1) {
    throw new ImageFault("MTL362", "is a png in colours; a mask has one number a pixel, grey or the index of a palette.");
  }
  return resizeNearest(png, size, noLabel);
}

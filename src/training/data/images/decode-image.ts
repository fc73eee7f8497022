import { damagedImage, ImageFault } from "./image-fault.ts";
import { decodeJpeg } from "./jpeg.ts";
import { withChannels, type Pixels } from "./pixels.ts";
import { decodePng, pixelsOfPng, pngSignature } from "./png.ts";
import { resize, type ImageForm } from "./resize.ts";

/**
 * Decodes a png or jpeg, told apart by their first bytes, and brings it to the form that is wanted: `height × width × channels` bytes.
 * Throws `ImageFault`.
 */
export function decodeImage(bytes: Uint8Array, form: ImageForm): Uint8Array {
  return resize(withChannels(decode(bytes), form.channels), form);
}

function decode(bytes: Uint8Array): Pixels {
  if (pngSignature.equals(bytes.subarray(0, pngSignature.length))) return pixelsOfPng(decodePng(bytes));
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(bytes);
  throw notAnImage(bytes);
}

function notAnImage(bytes: Uint8Array): ImageFault {
  if (bytes.length === 0) return damagedImage("it is empty.");
  const start = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  const known: readonly (readonly [RegExp, string])[] = [
    [/^GIF8/, "a gif"],
    [/^BM/, "a bmp"],
    [/^(II\*\0|MM\0\*)/, "a tiff"],
    [/^RIFF....WEBP/s, "a webp"],
    [/^....ftyp/s, "a heic or avif"],
  ];
  const what = known.find(([pattern]) => pattern.test(start))?.[1] ?? "no image";
  return new ImageFault("MTL362", `is ${what}; png and jpeg are read. Convert it.`);
}

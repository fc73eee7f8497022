import { decode } from "jpeg-js";

import { damagedImage, ImageFault, requireDecodable } from "./image-fault.ts";
import { readJpegHeader } from "./jpeg-header.ts";
import { turned } from "./orientation.ts";
import type { Pixels } from "./pixels.ts";

/** Decoding takes some 30 bytes a pixel. */
const mostMemoryMiB = 2048;

/**
 * Decodes a jpeg, baseline or progressive, and turns it as its camera was held. Throws `ImageFault` MTL361 (damaged), MTL362 (a form of
 * jpeg that is not read), MTL363 (too large).
 */
export function decodeJpeg(bytes: Uint8Array): Pixels {
  const { width, height, orientation, process, precision } = readJpegHeader(bytes);
  requireDecodable(width, height);
  if (process > 2 || precision !== 8) {
    const what = process > 2 ? "lossless or arithmetic coding" : `${precision} bits a sample`;
    throw new ImageFault("MTL362", `is a jpeg of ${what}, which is not read. Save it as an ordinary jpeg, or as png.`);
  }
  return turned({ width, height, channels: 3, data: decoded(bytes) }, orientation);
}

function decoded(bytes: Uint8Array): Uint8Array {
  try {
    const limits = { maxResolutionInMP: 100, maxMemoryUsageInMB: mostMemoryMiB };
    return decode(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, ...limits }).data;
  } catch (error) {
    if (!(error instanceof Error) && typeof error !== "string") throw error;
    // The decoder meets broken data in many ways, also as errors of JavaScript; its own words tell what there was.
    throw damagedImage(`its data cannot be decoded (${error instanceof Error ? error.message : error}).`);
  }
}

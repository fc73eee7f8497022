import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encode as encodePng } from "fast-png";
import { encode as encodeJpeg } from "jpeg-js";

import { bundledDigits } from "../../../../../src/training/data/load.ts";
import { readDigits } from "../../../../../src/training/data/multi-mnist.ts";

const side = 28;

export interface Photo {
  readonly file: string;
  readonly digit: number;
  /** Mean brightness. */
  readonly ink: number;
  /** 28 × 28. */
  readonly pixels: Uint8Array;
}

/** Writes real digits as image files, png and jpeg by turns, in a folder for each class, and returns what is in them. */
export async function writePhotos(folder: string, count: number): Promise<readonly Photo[]> {
  const { pixels: all, labels, count: total } = await readDigits(bundledDigits());
  return Array.from({ length: count }, (_, i) => {
    // All classes come by turns: the digits stand class after class.
    const index = Math.floor(((i % 10) + 0.5) * (total / 10)) + Math.floor(i / 10);
    const pixels = all.subarray(index * side ** 2, (index + 1) * side ** 2);
    const digit = labels[index] ?? 0;
    const file = `${digit}/photo ${i}.${i % 2 === 0 ? "png" : "jpg"}`;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), i % 2 === 0 ? pngOf(pixels) : jpegOf(pixels));
    return { file, digit, ink: pixels.reduce((sum, value) => sum + value, 0) / (255 * side ** 2), pixels };
  });
}

/** A label file with a line for each photo. */
export function labelFile(photos: readonly Photo[]): string {
  return ["file,digit,ink", ...photos.map(({ file, digit, ink }) => `${file},${digit},${ink}`)].join("\n");
}

function pngOf(pixels: Uint8Array): Uint8Array {
  return encodePng({ width: side, height: side, channels: 1, depth: 8, data: pixels });
}

function jpegOf(pixels: Uint8Array): Uint8Array {
  const data = Uint8Array.from({ length: pixels.length * 4 }, (_, i) => (i % 4 === 3 ? 255 : (pixels[Math.floor(i / 4)] ?? 0)));
  return encodeJpeg({ width: side, height: side, data }, 95).data;
}

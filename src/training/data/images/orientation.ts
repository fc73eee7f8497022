import type { Pixels } from "./pixels.ts";

/** Whether rows become columns, and which axes of the image as it is stored run backwards (Exif 2.3, tag Orientation). */
const orientations: Readonly<Record<number, { readonly transposed: boolean; readonly flipX: boolean; readonly flipY: boolean }>> = {
  2: { transposed: false, flipX: true, flipY: false },
  3: { transposed: false, flipX: true, flipY: true },
  4: { transposed: false, flipX: false, flipY: true },
  5: { transposed: true, flipX: false, flipY: false },
  6: { transposed: true, flipX: false, flipY: true },
  7: { transposed: true, flipX: true, flipY: true },
  8: { transposed: true, flipX: true, flipY: false },
};

/** The image as it is meant to be seen. */
export function turned(image: Pixels, orientation: number): Pixels {
  const how = orientations[orientation];
  if (how === undefined) return image;
  const { channels } = image;
  const [width, height] = how.transposed ? [image.height, image.width] : [image.width, image.height];
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [storedX, storedY] = how.transposed ? [y, x] : [x, y];
      const fromX = how.flipX ? image.width - 1 - storedX : storedX;
      const fromY = how.flipY ? image.height - 1 - storedY : storedY;
      const from = (fromY * image.width + fromX) * channels;
      for (let c = 0; c < channels; c++) data[(y * width + x) * channels + c] = image.data[from + c] ?? 0;
    }
  }
  return { width, height, channels, data };
}

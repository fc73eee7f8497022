/** A decoded image, a byte a sample, row by row from its upper left corner. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: red, green, blue. */
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Grey of a colour, by ITU-R BT.601 as Pillow and libjpeg have it. */
export function greyOf(red: number, green: number, blue: number): number {
  return (299 * red + 587 * green + 114 * blue) / 1000;
}

/** The image with as many channels as are wanted. */
export function withChannels(image: Pixels, channels: 1 | 3): Pixels {
  if (image.channels === channels) return image;
  const count = image.width * image.height;
  const data = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    if (channels === 1) data[i] = Math.round(greyOf(image.data[3 * i] ?? 0, image.data[3 * i + 1] ?? 0, image.data[3 * i + 2] ?? 0));
    else data.fill(image.data[i] ?? 0, 3 * i, 3 * i + 3);
  }
  return { ...image, channels, data };
}

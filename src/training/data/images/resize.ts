import type { Pixels } from "./pixels.ts";

export type Fit = "cover" | "contain" | "stretch";

/** What every image is brought to. */
export interface ImageForm {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly fit: Fit;
}

export type ImageSize = Pick<ImageForm, "height" | "width" | "fit">;

/**
 * Brings an image to a size. Each new pixel is the mean of those around its place, weighed by a triangle as wide as the image is made
 * smaller (bilinear with antialiasing, as Pillow does it), first along the rows, then along the columns.
 */
export function resize(image: Pixels, size: ImageSize): Uint8Array {
  const { channels } = image;
  const { height, width } = size;
  const { shownWidth, shownHeight, scaleX, scaleY, left, top } = frameOf(image, size);
  const columns = weightsFor(shownWidth, image.width, scaleX);
  const rows = weightsFor(shownHeight, image.height, scaleY);
  const narrow = resizeRows(image, columns, shownWidth);
  const result = new Uint8Array(height * width * channels);
  rows.forEach(({ first, weights }, y) => {
    for (let i = 0; i < shownWidth * channels; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += (weights[k] ?? 0) * (narrow[(first + k) * shownWidth * channels + i] ?? 0);
      result[((top + y) * width + left) * channels + i] = Math.round(sum);
    }
  });
  return result;
}

/**
 * Brings numbers that must not be mixed, such as classes, to a size as `resize` brings the image they belong to: each new one is the one at the
 * middle of its place, and `nothing` where there is no image.
 */
export function resizeNearest(
  { width: oldWidth, height: oldHeight, samples }: { readonly width: number; readonly height: number; readonly samples: ArrayLike<number> },
  size: ImageSize,
  nothing: number,
): Uint16Array<ArrayBuffer> {
  const { shownWidth, shownHeight, scaleX, scaleY, left, top } = frameOf({ width: oldWidth, height: oldHeight }, size);
  const result = new Uint16Array(size.height * size.width).fill(nothing);
  const from = (place: number, shown: number, length: number, scale: number): number =>
    Math.min(length - 1, Math.max(0, Math.floor((length - shown / scale) / 2 + (place + 0.5) / scale)));
  for (let y = 0; y < shownHeight; y++) {
    const row = from(y, shownHeight, oldHeight, scaleY) * oldWidth;
    for (let x = 0; x < shownWidth; x++) {
      result[(top + y) * size.width + left + x] = samples[row + from(x, shownWidth, oldWidth, scaleX)] ?? 0;
    }
  }
  return result;
}

/** How an image lies in its new size: of `contain`, the part of the result that it takes; of `cover`, the part of it that is seen. */
function frameOf(image: Pick<Pixels, "width" | "height">, { height, width, fit }: ImageSize) {
  const scale = (fit === "contain" ? Math.min : Math.max)(width / image.width, height / image.height);
  const [scaleX, scaleY] = fit === "stretch" ? [width / image.width, height / image.height] : [scale, scale];
  const shownWidth = Math.min(width, Math.max(1, Math.round(image.width * scaleX)));
  const shownHeight = Math.min(height, Math.max(1, Math.round(image.height * scaleY)));
  return {
    shownWidth,
    shownHeight,
    scaleX,
    scaleY,
    left: Math.floor((width - shownWidth) / 2),
    top: Math.floor((height - shownHeight) / 2),
  };
}

/** The places that make one new one: `weights.length` from `first` on. */
interface Window {
  readonly first: number;
  readonly weights: Float64Array;
}

/** For each of `shown` new places, around the middle of `length` old ones. */
function weightsFor(shown: number, length: number, scale: number): readonly Window[] {
  const reach = Math.max(1, 1 / scale);
  const start = (length - shown / scale) / 2;
  return Array.from({ length: shown }, (_, place) => {
    const centre = start + (place + 0.5) / scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(length, Math.max(first + 1, Math.floor(centre + reach + 0.5)));
    const from = Math.min(first, end - 1);
    const weights = Float64Array.from({ length: end - from }, (__, k) => Math.max(0, 1 - Math.abs(from + k + 0.5 - centre) / reach));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first: from, weights: sum > 0 ? weights.map((weight) => weight / sum) : weights.fill(1 / weights.length) };
  });
}

function resizeRows({ data, width, height, channels }: Pixels, columns: readonly Window[], shownWidth: number): Float32Array {
  const narrow = new Float32Array(height * shownWidth * channels);
  columns.forEach(({ first, weights }, x) => {
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0, at = (y * width + first) * channels + c; k < weights.length; k++, at += channels) {
          sum += (weights[k] ?? 0) * (data[at] ?? 0);
        }
        narrow[(y * shownWidth + x) * channels + c] = sum;
      }
    }
  });
  return narrow;
}

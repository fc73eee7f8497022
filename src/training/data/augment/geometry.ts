import type { RandomStream } from "../../../balancers/kernels/random-stream.ts";
import type { ImageAugment } from "../../../experiment/data/augment-data.ts";

/** Where a pixel of the new image comes from, seen from the middles of both: x' = a x + b y + left, y' = c x + d y + top. */
export interface Placement {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly left: number;
  readonly top: number;
}

type Geometry = Pick<ImageAugment, "flip" | "shift" | "rotate" | "zoom">;

/** True where images are moved at all, so that masks must move with them. */
export function moves({ flip, shift, rotate, zoom }: Geometry): boolean {
  return flip !== undefined || shift > 0 || rotate > 0 || zoom > 0;
}

/** Draws how one image is mirrored, turned, made larger or smaller, and moved. As many draws as the settings ask for, whatever they give. */
export function drawPlacement({ flip, shift, rotate, zoom }: Geometry, stream: RandomStream): Placement {
  const side = (asked: boolean): number => (asked && stream.uniform() < 0.5 ? -1 : 1);
  const flipX = side(flip === "horizontal" || flip === "both");
  const flipY = side(flip === "vertical" || flip === "both");
  const angle = rotate === 0 ? 0 : ((2 * stream.uniform() - 1) * rotate * Math.PI) / 180;
  const size = zoom === 0 ? 1 : 1 + (2 * stream.uniform() - 1) * zoom;
  const left = shift === 0 ? 0 : stream.below(2 * shift + 1) - shift;
  const top = shift === 0 ? 0 : stream.below(2 * shift + 1) - shift;
  const [cosine, sine] = [Math.cos(angle) / size, Math.sin(angle) / size];
  return { a: flipX * cosine, b: flipX * sine, c: -flipY * sine, d: flipY * cosine, left, top };
}

/** An image, or a mask, that is one of several in an array. */
export interface Frame {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Writes an image as it is placed. `smooth` mixes the four pixels around a place, else the nearest is taken, as class numbers must be.
 * Where nothing comes from, `fill` does, one value a channel.
 */
export function place(
  from: Float32Array,
  to: Float32Array,
  offset: number,
  frame: Frame,
  { a, b, c, d, left, top }: Placement,
  fill: (channel: number) => number,
  smooth: boolean,
): void {
  const { height, width, channels } = frame;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const at = (x: number, y: number, channel: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? fill(channel) : (from[offset + (y * width + x) * channels + channel] ?? 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = [
        snapped(a * (x - middleX) + b * (y - middleY) + left + middleX),
        snapped(c * (x - middleX) + d * (y - middleY) + top + middleY),
      ];
      const [x0, y0] = smooth ? [Math.floor(fromX), Math.floor(fromY)] : [Math.round(fromX), Math.round(fromY)];
      const [shareX, shareY] = smooth ? [fromX - x0, fromY - y0] : [0, 0];
      for (let channel = 0; channel < channels; channel++) {
        let value = at(x0, y0, channel);
        // Whole places take one pixel alone, so that flips and shifts change no number.
        if (shareX > 0) value += shareX * (at(x0 + 1, y0, channel) - value);
        if (shareY > 0) {
          const below = at(x0, y0 + 1, channel);
          value += shareY * (below + shareX * (at(x0 + 1, y0 + 1, channel) - below) - value);
        }
        to[offset + (y * width + x) * channels + channel] = value;
      }
    }
  }
}

/** Sine and cosine of nothing are not always exact; a place that is as good as whole is whole. */
function snapped(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-9 ? whole : value;
}

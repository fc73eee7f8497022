import type { Geometry } from "../attributes.ts";
import type { WasmHeap } from "../wasm-heap.ts";

/** Pictures with their padding around them: `batch` times `height · width · channels` numbers from `address`. */
export interface Pictures {
  readonly address: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Numbers in one picture. */
export function sizeOf({ height, width, channels }: Pictures): number {
  return height * width * channels;
}

/** Height and width of a picture with its padding. */
export function paddedSize({ inHeight, inWidth, inChannels, padInfo }: Geometry): Omit<Pictures, "address"> {
  return { height: inHeight + padInfo.top + padInfo.bottom, width: inWidth + padInfo.left + padInfo.right, channels: inChannels };
}

export function isPadded({ padInfo }: Geometry): boolean {
  return padInfo.top > 0 || padInfo.bottom > 0 || padInfo.left > 0 || padInfo.right > 0;
}

/** The pictures at `address` as they are, or a copy with zeros around them, valid until the next call. */
export function padded(heap: WasmHeap, address: number, geometry: Geometry): Pictures {
  const { batchSize, inHeight, inWidth, inChannels, padInfo } = geometry;
  const size = paddedSize(geometry);
  if (!isPadded(geometry)) return { ...size, address };
  const count = batchSize * size.height * size.width * inChannels;
  const pictures = { ...size, address: heap.scratch("padding", count) };
  const floats = heap.floats();
  const to = pictures.address / 4;
  floats.fill(0, to, to + count);
  for (let b = 0; b < batchSize; b++) {
    for (let y = 0; y < inHeight; y++) {
      const from = address / 4 + (b * inHeight + y) * inWidth * inChannels;
      floats.copyWithin(
        to + ((b * size.height + y + padInfo.top) * size.width + padInfo.left) * inChannels,
        from,
        from + inWidth * inChannels,
      );
    }
  }
  return pictures;
}

import type { CheckCode } from "../../../experiment/codes.ts";

/** A file that gives no image. Thrown where only its bytes are known; who knows file and row makes a `DataError` of it. */
export class ImageFault extends Error {
  override readonly name = "ImageFault";
  readonly code: CheckCode;

  /** `why` goes on after the file's name: `is cut off.` */
  constructor(code: CheckCode, why: string) {
    super(why);
    this.code = code;
  }
}

/** MTL361 */
export function damagedImage(why: string): ImageFault {
  return new ImageFault("MTL361", `is damaged: ${why}`);
}

/** Images of more pixels are not decoded; phones and most cameras have fewer. */
const mostPixels = 50_000_000;

/** Refuses an image before memory is taken for it. MTL361, MTL363. */
export function requireDecodable(width: number, height: number): void {
  if (width === 0 || height === 0) throw damagedImage(`its header says ${width} × ${height} pixels.`);
  if (width * height <= mostPixels) return;
  throw new ImageFault(
    "MTL363",
    `has ${width.toLocaleString("en")} × ${height.toLocaleString("en")} pixels, and at most ${(mostPixels / 1e6).toLocaleString("en")} million are decoded. Make it smaller.`,
  );
}

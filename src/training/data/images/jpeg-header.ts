import { damagedImage } from "./image-fault.ts";

export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly precision: number;
  /** 0 baseline, 1 extended, 2 progressive; above that lossless and arithmetic. */
  readonly process: number;
  /** 1 to 8, as Exif has it; 1 where nothing is said. */
  readonly orientation: number;
}

/**
 * Reads what stands before a jpeg's pixels (ITU-T T.81, annex B), and from its Exif part how the camera was held.
 * Throws `ImageFault` MTL361 where there is no frame header.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let orientation = 1;
  for (let at = 2; at + 4 <= file.length;) {
    if (file[at] !== 0xff) throw damagedImage("a marker is missing in its header.");
    const marker = file[at + 1] ?? 0;
    // Fill bytes, and markers that stand alone.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const length = file.readUInt16BE(at + 2);
    const content = file.subarray(at + 4, at + 2 + length);
    if (isFrame(marker)) {
      if (content.length < 5) break;
      return {
        precision: content[0] ?? 0,
        height: content.readUInt16BE(1),
        width: content.readUInt16BE(3),
        process: marker - 0xc0,
        orientation,
      };
    }
    if (marker === 0xe1) orientation = orientationIn(content) ?? orientation;
    if (marker === 0xda || marker === 0xd9) break;
    at += 2 + length;
  }
  throw damagedImage("it has no frame header.");
}

/** SOF0 to SOF15, without DHT, JPG and DAC, which lie between them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The tag 0x0112 of the first directory of an Exif part; undefined where there is none. */
function orientationIn(content: Buffer): number | undefined {
  if (content.toString("latin1", 0, 6) !== "Exif\0\0") return undefined;
  const tiff = content.subarray(6);
  if (tiff.length < 8) return undefined;
  const little = tiff.toString("latin1", 0, 2) === "II";
  const short = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return undefined;
  for (let entry = 0; entry < short(directory); entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > tiff.length) return undefined;
    if (short(at) !== 0x0112) continue;
    const value = short(at + 8);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

import { crc32, deflateSync, inflateSync } from "node:zlib";
import { decode, type DecodedPng } from "fast-png";

import { damagedImage, ImageFault, requireDecodable } from "./image-fault.ts";
import type { Pixels } from "./pixels.ts";

export const pngSignature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** A decoded png, a number a sample as the file has it: grey, colour or palette index. */
export interface PngSamples {
  readonly width: number;
  readonly height: number;
  /** 1 grey or index, 2 grey with alpha, 3 colour, 4 colour with alpha. */
  readonly channels: number;
  readonly depth: number;
  readonly samples: Uint8Array | Uint16Array;
  /** Red, green, blue and, where the file says, alpha of each index. */
  readonly palette: readonly (readonly number[])[] | undefined;
  /** The samples of a pixel that counts as transparent. */
  readonly transparent: readonly number[] | undefined;
}

const colourTypes: Readonly<Record<number, { readonly channels: number; readonly depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/**
 * Decodes a png (ISO/IEC 15948) of any colour type and depth. Its pixels are inflated here, no further than to the size that the header
 * tells of, and handed on without compression and without any other part that could unfold.
 * Throws `ImageFault` MTL361 (damaged), MTL362 (a form that is not read), MTL363 (too large).
 */
export function decodePng(bytes: Uint8Array): PngSamples {
  const parts = readParts(bytes);
  const { width, height, depth, colourType, interlaced } = parts.header;
  requireDecodable(width, height);
  const colour = colourTypes[colourType];
  if (colour?.depths.includes(depth) !== true) throw damagedImage(`there is no colour type ${colourType} with ${depth} bits.`);
  if (interlaced && depth < 8) {
    throw new ImageFault("MTL362", `is an interlaced png of ${depth} bits a sample, which is not read. Save it without interlacing.`);
  }
  const expected = bytesOf(width, height, (depth * colour.channels) / 8, interlaced);
  const raw = inflated(parts.data, expected);
  if (raw.length !== expected) throw damagedImage(`its pixels end after ${raw.length} of ${expected} bytes.`);
  const plain = decode(assemble(parts, raw));
  return {
    width,
    height,
    channels: colour.channels,
    depth,
    samples: depth < 8 ? unpacked(plain.data, width, height, depth) : samplesOf(plain),
    palette: colourType === 3 ? paletteOf(plain) : undefined,
    transparent: plain.transparency === undefined ? undefined : [...plain.transparency],
  };
}

/** The image as a viewer shows it, on white where it is transparent. */
export function pixelsOfPng(png: PngSamples): Pixels {
  const { width, height, channels, depth, samples, palette, transparent } = png;
  const count = width * height;
  const coloured = palette !== undefined || channels >= 3;
  const data = new Uint8Array(count * (coloured ? 3 : 1));
  const greatest = 2 ** depth - 1;
  const byte = (sample: number): number => (depth === 8 ? sample : Math.round((sample * 255) / greatest));
  const shown = (value: number, alpha: number): number => (alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255));
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    if (palette !== undefined) {
      const colour = palette[samples[at] ?? 0];
      if (colour === undefined) throw damagedImage(`a pixel has the colour ${samples[at] ?? 0}, and its palette has ${palette.length}.`);
      for (let c = 0; c < 3; c++) data[3 * i + c] = shown(colour[c] ?? 0, colour[3] ?? 255);
      continue;
    }
    const isClear = transparent?.every((sample, c) => samples[at + c] === sample) === true;
    const alpha = channels % 2 === 0 ? byte(samples[at + channels - 1] ?? 0) : isClear ? 0 : 255;
    if (!coloured) data[i] = shown(byte(samples[at] ?? 0), alpha);
    else for (let c = 0; c < 3; c++) data[3 * i + c] = shown(byte(samples[at + c] ?? 0), alpha);
  }
  return { width, height, channels: coloured ? 3 : 1, data };
}

interface PngParts {
  readonly header: {
    readonly width: number;
    readonly height: number;
    readonly depth: number;
    readonly colourType: number;
    readonly interlaced: boolean;
  };
  /** Compressed pixels. */
  readonly data: Buffer;
  /** The chunks that say how pixels are read, as they stand: header, palette, transparency. */
  readonly kept: readonly Buffer[];
}

/** Goes through the chunks: length, type, content, check sum. */
function readParts(bytes: Uint8Array): PngParts {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const kept: Buffer[] = [];
  const data: Buffer[] = [];
  let header: PngParts["header"] | undefined;
  for (let at = pngSignature.length; ;) {
    if (at + 12 > file.length) throw damagedImage("it is cut off.");
    const length = file.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > file.length) throw damagedImage("it is cut off.");
    const type = file.toString("latin1", at + 4, at + 8);
    const content = file.subarray(at + 8, at + 8 + length);
    if (crc32(file.subarray(at + 4, end - 4)) !== file.readUInt32BE(end - 4))
      throw damagedImage(`the check sum of its part ${type} is wrong.`);
    if (type === "IEND") break;
    if (type === "IHDR") header = readHeader(content);
    if (type === "IHDR" || type === "PLTE" || type === "tRNS") kept.push(file.subarray(at, end));
    if (type === "IDAT") data.push(content);
    at = end;
  }
  if (header === undefined) throw damagedImage("it has no header.");
  return { header, data: Buffer.concat(data), kept };
}

function readHeader(content: Buffer): PngParts["header"] {
  if (content.length !== 13) throw damagedImage("its header is of another length.");
  return {
    width: content.readUInt32BE(0),
    height: content.readUInt32BE(4),
    depth: content[8] ?? 0,
    colourType: content[9] ?? 0,
    interlaced: content[12] !== 0,
  };
}

function inflated(data: Buffer, expected: number): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: expected });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const goesOn = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw damagedImage(
      goesOn
        ? `its pixels go on after the ${expected} bytes that its header tells of.`
        : `its pixels cannot be unpacked (${error.message}).`,
    );
  }
}

/** Each row begins with a byte that names its filter; Adam7 has up to seven images of some of the pixels. */
function bytesOf(width: number, height: number, bytesPerPixel: number, interlaced: boolean): number {
  const of = (columns: number, rows: number): number => (columns === 0 ? 0 : rows * (1 + Math.ceil(columns * bytesPerPixel)));
  if (!interlaced) return of(width, height);
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return passes.reduce((sum, [x, y, stepX, stepY]) => sum + of(Math.ceil((width - x) / stepX), Math.ceil((height - y) / stepY)), 0);
}

function assemble({ kept }: PngParts, raw: Buffer): Buffer {
  return Buffer.concat([pngSignature, ...kept, chunk("IDAT", deflateSync(raw, { level: 0 })), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

function samplesOf({ data }: DecodedPng): Uint8Array | Uint16Array {
  return data instanceof Uint16Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length);
}

/** Several samples stand in a byte, the first in its high bits; each row begins with a new byte. */
function unpacked(packed: DecodedPng["data"], width: number, height: number, depth: number): Uint8Array {
  const samples = new Uint8Array(width * height);
  const perByte = 8 / depth;
  const rowBytes = Math.ceil(width / perByte);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = packed[y * rowBytes + Math.floor(x / perByte)] ?? 0;
      samples[y * width + x] = (byte >>> (8 - depth * ((x % perByte) + 1))) & (2 ** depth - 1);
    }
  }
  return samples;
}

function paletteOf({ palette }: DecodedPng): readonly (readonly number[])[] {
  if (palette === undefined) throw damagedImage("its palette is missing.");
  return palette;
}

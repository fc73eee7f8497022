import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { encode as encodePng } from "fast-png";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { decodeImage } from "../../../../../src/training/data/images/decode-image.ts";
import { resize, type ImageForm } from "../../../../../src/training/data/images/resize.ts";
import { containing } from "../containing.ts";

const samples = z.string().transform((text) => new Uint8Array(Buffer.from(text, "base64")));
const shown = z.object({ width: z.number(), height: z.number(), samples });

/** Saved and read by Pillow itself; `pillow-images.py` beside it tells how. */
const pillow = z
  .object({
    images: z.record(z.string(), shown.extend({ file: samples, channels: z.literal([1, 3, 4]) })),
    resized: z.record(z.string(), shown),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "pillow-images.json"), "utf8")));

function ofPillow(name: string) {
  const image = pillow.images[name];
  if (image === undefined) throw new Error(`No such image: ${name}`);
  return image;
}

/** As it is, without another size. */
function form(height: number, width: number, channels: 1 | 3): ImageForm {
  return { height, width, channels, fit: "stretch" };
}

/** Greatest difference of two images. */
function difference(one: Uint8Array, other: Uint8Array): number {
  expect(one.length).toBe(other.length);
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? 0))), 0);
}

/** A colour image in grey, as every decoder makes it. */
function inGrey(colours: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: colours.length / 3 }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = colours.subarray(3 * i);
    return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  });
}

describe("an image that Pillow saved", () => {
  test.each(Object.keys(pillow.images))("is decoded as Pillow shows it: %s", (name) => {
    const { file, width, height, channels, samples: expected } = ofPillow(name);
    // Two decoders of jpeg may differ by a little, and by more where colours of fewer places are spread over all.
    const most = name.startsWith("jpeg") ? (name === "jpeg subsampled" ? 20 : name === "jpeg cmyk" ? 12 : 4) : 1;
    const [colours, grey] = [decodeImage(file, form(height, width, 3)), decodeImage(file, form(height, width, 1))];
    if (channels === 1) {
      expect(difference(grey, expected)).toBeLessThanOrEqual(most);
      expect([...colours]).toEqual([...grey].flatMap((value) => [value, value, value]));
    } else {
      expect(difference(colours, expected)).toBeLessThanOrEqual(most);
      expect(difference(grey, inGrey(colours))).toBeLessThanOrEqual(1);
    }
  });

  test.each(Object.keys(pillow.resized))("is resized as Pillow does it: %s", (name) => {
    const { width = 0, height = 0, samples: expected = new Uint8Array() } = pillow.resized[name] ?? {};
    expect(difference(decodeImage(ofPillow("png rgb").file, form(height, width, 3)), expected)).toBeLessThanOrEqual(1);
  });
});

test.each([1, 2, 3, 4].flatMap((channels) => ([8, 16] as const).map((depth) => [channels, depth] as const)))(
  "an interlaced png is the same image: %i channels of %i bits",
  (channels, depth) => {
    const values = Array.from({ length: 13 * 9 * channels }, (_, i) => (i * 7919) % 2 ** depth);
    const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
    const image = { width: 13, height: 9, channels, data, depth } as const;
    const [plain, interlaced] = [encodePng(image), encodePng(image, { interlace: "Adam7" })];
    expect([...decodeImage(interlaced, form(9, 13, 3))]).toEqual([...decodeImage(plain, form(9, 13, 3))]);
  },
);

describe("an image of another shape", () => {
  // Left half red, right half blue; on top of it a green row.
  const red = [255, 0, 0];
  const green = [0, 255, 0];
  const blue = [0, 0, 255];
  const image = {
    width: 8,
    height: 4,
    channels: 3,
    data: Uint8Array.from(Array.from({ length: 32 }, (_, i) => (i < 8 ? green : i % 8 < 4 ? red : blue)).flat()),
  } as const;
  const at = (pixels: Uint8Array, width: number, y: number, x: number): number[] => [
    ...pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
  ];

  test("covers the size with its middle", () => {
    const pixels = resize(image, { height: 4, width: 4, fit: "cover" });
    expect([at(pixels, 4, 0, 0), at(pixels, 4, 1, 0), at(pixels, 4, 3, 1), at(pixels, 4, 3, 2)]).toEqual([green, red, red, blue]);
  });

  test("is contained in the size, on black", () => {
    const pixels = resize(image, { height: 8, width: 8, fit: "contain" });
    expect([at(pixels, 8, 1, 3), at(pixels, 8, 2, 3), at(pixels, 8, 5, 0), at(pixels, 8, 5, 7), at(pixels, 8, 6, 0)]).toEqual([
      [0, 0, 0],
      green,
      red,
      blue,
      [0, 0, 0],
    ]);
  });

  test("is stretched to the size", () => {
    const pixels = resize(image, { height: 8, width: 8, fit: "stretch" });
    expect([at(pixels, 8, 0, 0), at(pixels, 8, 7, 0), at(pixels, 8, 7, 7)]).toEqual([green, red, blue]);
  });
});

describe("what is no image that can be decoded is told", () => {
  const { file: png } = ofPillow("png rgb");
  const { file: jpeg } = ofPillow("jpeg rgb");
  const read =
    (bytes: Uint8Array): (() => Uint8Array) =>
    () =>
      decodeImage(bytes, form(12, 20, 3));

  function chunk(type: string, content: Uint8Array): Buffer {
    const named = Buffer.concat([Buffer.from(type, "latin1"), content]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(content.length);
    frame.writeUInt32BE(crc32(named), 4);
    return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
  }

  /** A png of grey pixels. */
  function pngOf(
    width: number,
    height: number,
    raw: Uint8Array,
    { depth = 8, colourType = 0, interlace = 0, more = [] as Buffer[] } = {},
  ): Buffer {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width);
    header.writeUInt32BE(height, 4);
    header.set([depth, colourType, 0, 0, interlace], 8);
    const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
    return Buffer.concat([signature, chunk("IHDR", header), ...more, chunk("IDAT", deflateSync(raw)), chunk("IEND", Buffer.alloc(0))]);
  }

  /** The jpeg with another byte at a place after its first frame header. */
  function inFrame(offset: number, ...bytes: readonly number[]): Buffer {
    const changed = Buffer.from(jpeg);
    const frame = changed.indexOf(Buffer.of(0xff, 0xc0));
    bytes.forEach((byte, i) => (changed[frame + offset + i] = byte));
    return changed;
  }

  test.each<[string, Uint8Array, object]>([
    ["an empty file", Buffer.alloc(0), { code: "MTL361", message: "is damaged: it is empty." }],
    ["a gif", Buffer.from("GIF89a..."), { code: "MTL362", message: containing("is a gif; png and jpeg are read") }],
    ["a webp", Buffer.from("RIFF\x01\x02\x03\x04WEBPVP8 "), { code: "MTL362", message: containing("a webp") }],
    ["a text", Buffer.from("file,label\n"), { code: "MTL362", message: containing("no image") }],
    ["a png that is cut off", png.subarray(0, png.length - 20), { code: "MTL361", message: containing("cut off") }],
    ["a png with a byte changed", Buffer.from(png).fill(1, 60, 61), { code: "MTL361", message: containing("check sum of its part IDAT") }],
    ["a png with too few pixels", pngOf(2, 2, Buffer.alloc(3)), { code: "MTL361", message: containing("end after 3 of 6 bytes") }],
    ["a png with too many pixels", pngOf(2, 2, Buffer.alloc(7)), { code: "MTL361", message: containing("go on after the 6 bytes") }],
    [
      "a png of a depth that there is not",
      pngOf(2, 2, Buffer.alloc(6), { depth: 3 }),
      { code: "MTL361", message: containing("no colour type 0 with 3 bits") },
    ],
    [
      "a png with a colour that its palette lacks",
      pngOf(1, 1, Buffer.of(0, 7), { colourType: 3, more: [chunk("PLTE", Buffer.of(1, 2, 3))] }),
      { code: "MTL361", message: containing("has the colour 7") },
    ],
    [
      "an interlaced png of single bits",
      pngOf(1, 1, Buffer.alloc(2), { depth: 1, interlace: 1 }),
      { code: "MTL362", message: containing("interlaced") },
    ],
    ["a png without a pixel", pngOf(0, 1, Buffer.alloc(1)), { code: "MTL361", message: containing("0 × 1 pixels") }],
    ["a jpeg that is cut off", jpeg.subarray(0, jpeg.length - 60), { code: "MTL361", message: containing("cannot be decoded") }],
    ["a jpeg that is cut in its header", jpeg.subarray(0, 40), { code: "MTL361" }],
    ["a jpeg of 12 bits", inFrame(4, 12), { code: "MTL362", message: containing("12 bits a sample") }],
    ["a lossless jpeg", inFrame(1, 0xc3), { code: "MTL362", message: containing("lossless") }],
  ])("%s", (_, bytes, expected) => {
    expect(read(bytes)).toThrow(expect.objectContaining(expected));
  });

  test("images that would fill memory are refused by their headers", () => {
    const refused: unknown = expect.objectContaining({ code: "MTL363", message: containing("60,000 × 60,000 pixels") });
    // 3.6 GB of zeros in a few hundred bytes would be a bomb; here even less is there.
    expect(read(pngOf(60_000, 60_000, Buffer.alloc(100)))).toThrow(refused);
    expect(read(inFrame(5, 60_000 >> 8, 60_000 & 255, 60_000 >> 8, 60_000 & 255))).toThrow(refused);
  });

  test("pixels that unfold to more than the header tells of are not unfolded", () => {
    const bomb = pngOf(4, 4, Buffer.alloc(300_000_000));
    expect(bomb.length).toBeLessThan(400_000);
    expect(read(bomb)).toThrow(expect.objectContaining({ code: "MTL361", message: containing("go on after the 20 bytes") }));
    // A colour profile may be one, too: it is never unpacked.
    const profile = chunk("iCCP", Buffer.concat([Buffer.from("x\0\0", "latin1"), deflateSync(Buffer.alloc(100_000_000))]));
    expect([...decodeImage(pngOf(1, 1, Buffer.of(0, 9), { more: [profile] }), form(1, 1, 1))]).toEqual([9]);
  });
});

/** Numbers in memory: as the file has them, or in the next type that holds them exactly. */
export type Numbers = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** Type of an array's elements, by NumPy's name. */
export type Dtype = NumberDtype | TextDtype;

export interface NumberDtype {
  readonly kind: "number";
  readonly name: NumberName;
  /** Bytes of one element in the file. */
  readonly bytes: number;
  readonly bigEndian: boolean;
}

/** Texts of a fixed length, filled up with zeros. */
export interface TextDtype {
  readonly kind: "text";
  readonly name: string;
  readonly bytes: number;
  readonly bigEndian: boolean;
  readonly encoding: "utf-32" | "utf-8";
}

const numberTypes = {
  bool: { bytes: 1, inMemory: 1, make: (length: number): Numbers => new Uint8Array(length) },
  uint8: { bytes: 1, inMemory: 1, make: (length: number): Numbers => new Uint8Array(length) },
  int8: { bytes: 1, inMemory: 1, make: (length: number): Numbers => new Int8Array(length) },
  uint16: { bytes: 2, inMemory: 2, make: (length: number): Numbers => new Uint16Array(length) },
  int16: { bytes: 2, inMemory: 2, make: (length: number): Numbers => new Int16Array(length) },
  uint32: { bytes: 4, inMemory: 4, make: (length: number): Numbers => new Uint32Array(length) },
  int32: { bytes: 4, inMemory: 4, make: (length: number): Numbers => new Int32Array(length) },
  uint64: { bytes: 8, inMemory: 8, make: (length: number): Numbers => new Float64Array(length) },
  int64: { bytes: 8, inMemory: 8, make: (length: number): Numbers => new Float64Array(length) },
  float16: { bytes: 2, inMemory: 4, make: (length: number): Numbers => new Float32Array(length) },
  float32: { bytes: 4, inMemory: 4, make: (length: number): Numbers => new Float32Array(length) },
  float64: { bytes: 8, inMemory: 8, make: (length: number): Numbers => new Float64Array(length) },
} as const;

export type NumberName = keyof typeof numberTypes;

export function numberDtype(name: NumberName, bigEndian: boolean): NumberDtype {
  return { kind: "number", name, bytes: numberTypes[name].bytes, bigEndian };
}

/** Bytes that an element takes in memory. A text is kept once for each row, two bytes a character and some for itself. */
export function bytesInMemory(dtype: Dtype): number {
  return dtype.kind === "number" ? numberTypes[dtype.name].inMemory : 2 * dtype.bytes + 24;
}

export function makeNumbers({ name }: NumberDtype, length: number): Numbers {
  return numberTypes[name].make(length);
}

/**
 * Decodes whole elements from a file's bytes into `numbers`, from position `at`. Returns the position of the first value that
 * cannot be held: a 64-bit integer beyond ±2⁵³, where not every integer is a `float64` any more.
 */
export function decodeNumbers(dtype: NumberDtype, bytes: Uint8Array, numbers: Numbers, at: number): number | undefined {
  switch (dtype.name) {
    case "int64":
    case "uint64":
      return decodeLongs(dtype, bytes, numbers, at);
    case "float16":
      decodeHalves(dtype, bytes, numbers, at);
      return undefined;
    case "bool":
      for (let i = 0; i < bytes.length; i++) numbers[at + i] = bytes[i] === 0 ? 0 : 1;
      return undefined;
    default:
      copyNumbers(dtype, bytes, numbers, at);
      return undefined;
  }
}

/** Memory is little-endian on every machine that TensorFlow.js runs on. */
function copyNumbers({ bytes: size, bigEndian }: NumberDtype, bytes: Uint8Array, numbers: Numbers, at: number): void {
  const place = Buffer.from(numbers.buffer, numbers.byteOffset + at * size, bytes.length);
  place.set(bytes);
  if (!bigEndian) return;
  if (size === 2) place.swap16();
  if (size === 4) place.swap32();
  if (size === 8) place.swap64();
}

function decodeLongs({ name, bigEndian }: NumberDtype, bytes: Uint8Array, numbers: Numbers, at: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [low, high] = bigEndian ? [4, 0] : [0, 4];
  for (let i = 0; i < bytes.length / 8; i++) {
    const upper = name === "int64" ? view.getInt32(8 * i + high, !bigEndian) : view.getUint32(8 * i + high, !bigEndian);
    const value = upper * 2 ** 32 + view.getUint32(8 * i + low, !bigEndian);
    if (!Number.isSafeInteger(value)) return at + i;
    numbers[at + i] = value;
  }
  return undefined;
}

let halves: Float32Array | undefined;

function decodeHalves({ bigEndian }: NumberDtype, bytes: Uint8Array, numbers: Numbers, at: number): void {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfOf(bits));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < bytes.length / 2; i++) numbers[at + i] = halves[view.getUint16(2 * i, !bigEndian)] ?? Number.NaN;
}

/** The number that 16 bits stand for in IEEE 754: 1 sign, 5 exponent, 10 fraction. */
function halfOf(bits: number): number {
  const sign = bits >>> 15 === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 0) return sign * 2 ** -14 * fraction;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction);
}

/** Decodes whole texts; the zeros that fill them up are left out. Throws `TypeError` or `RangeError` where the bytes are no text. */
export function decodeTexts({ bytes: size, bigEndian, encoding }: TextDtype, bytes: Uint8Array): string[] {
  const texts: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; start < bytes.length; start += size) {
    if (encoding === "utf-8") {
      texts.push(withoutFilling(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, start + size))));
      continue;
    }
    let text = "";
    for (let at = start; at < start + size; at += 4) text += String.fromCodePoint(view.getUint32(at, !bigEndian));
    texts.push(withoutFilling(text));
  }
  return texts;
}

function withoutFilling(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1;
  return text.slice(0, end);
}

/** True where every value is a whole number, so that none is infinite or missing. */
export function isWholeNumber({ name }: NumberDtype): boolean {
  return name !== "float16" && name !== "float32" && name !== "float64";
}

/** The greatest value of a type of whole numbers without sign, as pixels have them; undefined for all others. */
export function greatestValue({ name }: NumberDtype): number | undefined {
  const greatest: Partial<Record<NumberName, number>> = { bool: 1, uint8: 255, uint16: 65_535, uint32: 2 ** 32 - 1 };
  return greatest[name];
}

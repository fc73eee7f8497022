import {
  bytesInMemory,
  decodeNumbers,
  decodeTexts,
  makeNumbers,
  type Dtype,
  type NumberDtype,
  type Numbers,
  type TextDtype,
} from "./dtype.ts";
import { arrayError, damaged, nameOf, type ArrayPlace } from "./array-problem.ts";
import type { ByteReader } from "./byte-reader.ts";

/** What stands before an array's elements. */
export interface ArrayHeader {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** First axis fastest, as Fortran has it; else the last. */
  readonly fortran: boolean;
}

/** An array in memory, last axis fastest. */
export type LoadedArray = NumberArray | TextArray;

export interface NumberArray {
  readonly kind: "number";
  readonly place: ArrayPlace;
  readonly dtype: NumberDtype;
  readonly shape: readonly number[];
  readonly values: Numbers;
}

export interface TextArray {
  readonly kind: "text";
  readonly place: ArrayPlace;
  readonly dtype: TextDtype;
  readonly shape: readonly number[];
  readonly values: readonly string[];
}

export function elementsOf({ shape }: Pick<ArrayHeader, "shape">): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Shape as Python writes it. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 1 ? `(${String(shape[0])},)` : `(${shape.join(", ")})`;
}

/**
 * Reads an array's elements to the end of the bytes. No more memory is taken than the header tells of, and no more is read.
 * Throws `DataError` MTL340 (too few or too many bytes), MTL342 (more than `memory` bytes), MTL347 (a number that cannot be held).
 */
export async function readBody(reader: ByteReader, header: ArrayHeader, place: ArrayPlace, memory: number): Promise<LoadedArray> {
  const { dtype, shape } = header;
  requireMemory(header, place, memory);
  if (dtype.kind === "text") {
    const texts: string[] = [];
    await eachPart(reader, header, place, (part) => {
      try {
        for (const text of decodeTexts(dtype, part)) texts.push(text);
      } catch (error) {
        if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
        throw damaged(place, `a text after element ${texts.length} is not ${dtype.encoding.toUpperCase()}.`);
      }
    });
    return { kind: "text", place, dtype, shape, values: inOrder(texts, header, (length) => new Array<string>(length).fill("")) };
  }
  const numbers = makeNumbers(dtype, elementsOf(header));
  await eachPart(reader, header, place, (part, at) => {
    const wrong = decodeNumbers(dtype, part, numbers, at);
    if (wrong === undefined) return;
    const message = `${nameOf(place)} holds a number beyond ±2⁵³ at index ${indexText(header, wrong)}, which cannot be computed with exactly. Save it as float64, or as smaller numbers.`;
    throw arrayError(place, "MTL347", message, rowOf(header, wrong));
  });
  return { kind: "number", place, dtype, shape, values: inOrder(numbers, header, (length) => makeNumbers(dtype, length)) };
}

/** Where an element stands, as NumPy would be asked for it: `[3, 0, 5]`. */
export function indexText({ shape, fortran }: Pick<ArrayHeader, "shape" | "fortran">, position: number): string {
  const indices = new Array<number>(shape.length).fill(0);
  const axes = shape.map((_, axis) => axis);
  let rest = position;
  for (const axis of fortran ? axes : axes.reverse()) {
    const size = shape[axis] ?? 1;
    indices[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return `[${indices.join(", ")}]`;
}

function rowOf({ shape, fortran }: ArrayHeader, position: number): number | undefined {
  const [rows = 0] = shape;
  if (rows === 0) return undefined;
  return fortran ? position % rows : Math.floor(position / (elementsOf({ shape }) / rows));
}

function requireMemory(header: ArrayHeader, place: ArrayPlace, memory: number): void {
  const copies = header.fortran ? 2 : 1;
  const bytes = elementsOf(header) * bytesInMemory(header.dtype) * copies;
  if (bytes <= memory) return;
  const size = (count: number): string => `${Math.round(count / 2 ** 20).toLocaleString("en")} MiB`;
  const why = copies === 2 ? ", twice that while its axes are put in order" : "";
  throw arrayError(
    place,
    "MTL342",
    `${nameOf(place)} has the shape ${shapeText(header.shape)} and takes ${size(bytes / copies)} of memory${why}, and ${size(memory)} are allowed. Raise "data.memory", or save a smaller type or fewer rows.`,
  );
}

/** Hands over all elements in parts of whole ones, each with the position of its first. */
async function eachPart(
  reader: ByteReader,
  header: ArrayHeader,
  place: ArrayPlace,
  take: (part: Uint8Array, at: number) => void,
): Promise<void> {
  const size = header.dtype.bytes;
  const elements = elementsOf(header);
  let done = 0;
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const more = await reader.next();
    if (more === undefined) break;
    const bytes = rest.length === 0 ? more : Buffer.concat([rest, more]);
    const whole = Math.floor(bytes.length / size);
    if (done + whole > elements || (done + whole === elements && bytes.length > whole * size)) {
      throw damaged(
        place,
        `after the ${elements.toLocaleString("en")} elements of its shape ${shapeText(header.shape)} more bytes follow.`,
      );
    }
    if (whole > 0) take(bytes.subarray(0, whole * size), done);
    done += whole;
    rest = bytes.subarray(whole * size);
  }
  if (done === elements) return;
  const where = header.fortran ? "" : `, in row ${String(rowOf(header, done))} (counted from 0)`;
  throw damaged(
    place,
    `it ends after ${done.toLocaleString("en")} of ${elements.toLocaleString("en")} elements${where}.`,
    header.fortran ? undefined : rowOf(header, done),
  );
}

/** The elements with the last axis fastest. */
function inOrder<T extends { [index: number]: number | string; readonly length: number }>(
  elements: T,
  { shape, fortran }: ArrayHeader,
  make: (length: number) => T,
): T {
  if (!fortran || shape.filter((size) => size > 1).length < 2) return elements;
  const ordered = make(elements.length);
  const indices = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  let from = 0;
  for (let to = 0; to < elements.length; to++) {
    ordered[to] = elements[from] ?? 0;
    // Counts up as an odometer does, last axis first, and moves along in the elements as they stand.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (indices[axis] ?? 0) + 1;
      const stride = strides[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        indices[axis] = next;
        from += stride;
        break;
      }
      indices[axis] = 0;
      from -= (next - 1) * stride;
    }
  }
  return ordered;
}

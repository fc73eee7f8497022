import { DataError } from "../data-error.ts";
import type { DecodedKind } from "./decode-messages.ts";
import type { DecodePool } from "./decode-pool.ts";
import { ImageFault } from "./image-fault.ts";

/** The image files of all rows, or the files of their masks for one task. */
export interface ImageFiles {
  readonly what: DecodedKind;
  /** False for a row without a mask. */
  has(row: number): boolean;
  /** Full path of a row's file. */
  path(row: number): string;
  /** The file as the label file names it, and where: `"a.png" (line 17 of "labels.csv")`. */
  place(row: number): string;
  /** The row's number in that place. */
  number(row: number): number;
  /** Column of the label file that names the files, and the place in the experiment that names it. */
  readonly column: string;
  readonly at: readonly (string | number)[];
}

/** Bytes of memory that several stores share. */
export interface Room {
  bytes: number;
}

/** What is wrong with a row's file, with its place. */
export function imageProblem(files: ImageFiles, row: number, { code, message }: Pick<ImageFault, "code" | "message">): DataError {
  const { at: path, column, what } = files;
  return new DataError({ code, path, column, row: files.number(row), message: `The ${what} ${files.place(row)} ${message}` });
}

/**
 * Decoded images by row. The first that fit into the room are kept for good, all others are decoded again each time: in an epoch every
 * image comes once, so that no choice of which to keep would find more of them.
 */
export class ImageStore {
  readonly #files: ImageFiles;
  readonly #pool: DecodePool;
  readonly #kept = new Map<number, Uint8Array>();
  readonly #coming = new Map<number, Promise<Uint8Array>>();
  readonly #room: Room;

  constructor(files: ImageFiles, pool: DecodePool, room: Room) {
    this.#files = files;
    this.#pool = pool;
    this.#room = room;
  }

  get files(): ImageFiles {
    return this.#files;
  }

  /** Begins to decode a row's image, if it is neither there nor coming. */
  request(row: number): void {
    if (!this.#files.has(row) || this.#kept.has(row) || this.#coming.has(row)) return;
    const image = this.#decode(row);
    this.#coming.set(row, image);
    // Whoever takes it meets the reason; until then it is nobody's.
    image.catch(() => undefined);
  }

  /** A row's image, which is then given away unless it is kept. Rejects with `DataError` MTL360 to MTL363, with file and row. */
  async take(row: number): Promise<Uint8Array> {
    const kept = this.#kept.get(row);
    if (kept !== undefined) return kept;
    this.request(row);
    const coming = this.#coming.get(row) ?? this.#decode(row);
    const pixels = await coming;
    this.#coming.delete(row);
    if (!this.#kept.has(row) && pixels.length <= this.#room.bytes) {
      this.#kept.set(row, pixels);
      this.#room.bytes -= pixels.length;
    }
    return pixels;
  }

  /** The image, if there is nothing to wait for. */
  peek(row: number): Uint8Array | undefined {
    return this.#kept.get(row);
  }

  async #decode(row: number): Promise<Uint8Array> {
    try {
      return await this.#pool.decode(this.#files.path(row), this.#files.what);
    } catch (error) {
      if (!(error instanceof ImageFault)) throw error;
      throw imageProblem(this.#files, row, error);
    }
  }
}

import { DataError } from "../data-error.ts";
import type { DecodePool } from "./decode-pool.ts";
import { ImageFault } from "./image-fault.ts";

/** The image files of all rows. */
export interface ImageFiles {
  readonly count: number;
  /** Full path of a row's file. */
  path(row: number): string;
  /** The file as the label file names it, and where: `"a.png" (line 17 of "labels.csv")`. */
  place(row: number): string;
  /** The row's number in that place. */
  number(row: number): number;
  /** Column of the label file that names the files. */
  readonly column: string;
}

/**
 * Decoded images by row. The first that fit into `memory` bytes are kept for good, all others are decoded again each time: in an epoch every
 * image comes once, so that no choice of which to keep would find more of them.
 */
export class ImageStore {
  readonly #files: ImageFiles;
  readonly #pool: DecodePool;
  readonly #kept = new Map<number, Uint8Array>();
  readonly #coming = new Map<number, Promise<Uint8Array>>();
  #room: number;

  constructor(files: ImageFiles, pool: DecodePool, memory: number) {
    this.#files = files;
    this.#pool = pool;
    this.#room = memory;
  }

  /** Begins to decode a row's image, if it is neither there nor coming. */
  request(row: number): void {
    if (this.#kept.has(row) || this.#coming.has(row)) return;
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
    if (!this.#kept.has(row) && pixels.length <= this.#room) {
      this.#kept.set(row, pixels);
      this.#room -= pixels.length;
    }
    return pixels;
  }

  /** The image, if there is nothing to wait for. */
  peek(row: number): Uint8Array | undefined {
    return this.#kept.get(row);
  }

  async #decode(row: number): Promise<Uint8Array> {
    try {
      return await this.#pool.decode(this.#files.path(row));
    } catch (error) {
      if (!(error instanceof ImageFault)) throw error;
      throw new DataError({
        code: error.code,
        path: ["data", "image", "column"],
        column: this.#files.column,
        row: this.#files.number(row),
        message: `The image ${this.#files.place(row)} ${error.message}`,
      });
    }
  }
}

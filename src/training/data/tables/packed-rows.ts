import { ByteStore } from "./byte-store.ts";

/** How one field of a packed row is kept. */
export type FieldType = "float32" | "uint32" | "uint16" | "uint8";

export const fieldBytes: Readonly<Record<FieldType, number>> = { float32: 4, uint32: 4, uint16: 2, uint8: 1 };

/** The narrowest whole number that holds `count` different values. */
export function codeType(count: number): FieldType {
  return count <= 2 ** 8 ? "uint8" : count <= 2 ** 16 ? "uint16" : "uint32";
}

/** Where the fields of a row lie in its bytes: wide ones first, so that each is aligned. Rows lie one after another, so that a row that is picked by chance is in one place. */
export class RowLayout {
  readonly types: readonly FieldType[];
  /** Place of each field in a row, in units of its own size. */
  readonly offsets: readonly number[];
  /** Bytes of a row, a multiple of 4. */
  readonly stride: number;

  constructor(types: readonly FieldType[]) {
    const offsets = types.map(() => 0);
    let bytes = 0;
    for (const size of [4, 2, 1]) {
      types.forEach((type, field) => {
        if (fieldBytes[type] !== size) return;
        offsets[field] = bytes / size;
        bytes += size;
      });
    }
    this.types = types;
    this.offsets = offsets;
    this.stride = Math.max(4, Math.ceil(bytes / 4) * 4);
  }

  /** Bytes that so many rows take in memory, with four each for their place in the order of the batches. */
  bytesFor(rows: number): number {
    return rows * (this.stride + 4);
  }
}

/** Packed rows one after another; every view is of the same bytes. */
export interface RowBlock {
  readonly rows: number;
  readonly float32: Float32Array;
  readonly uint32: Uint32Array;
  readonly uint16: Uint16Array;
  readonly uint8: Uint8Array;
}

export function rowBlock(bytes: Uint8Array<ArrayBuffer>, { stride }: RowLayout): RowBlock {
  const { buffer, byteOffset, length } = bytes;
  return {
    rows: length / stride,
    float32: new Float32Array(buffer, byteOffset, length / 4),
    uint32: new Uint32Array(buffer, byteOffset, length / 4),
    uint16: new Uint16Array(buffer, byteOffset, length / 2),
    uint8: bytes,
  };
}

/** Room for rows that are copied together. */
export function emptyBlock(rows: number, layout: RowLayout): RowBlock {
  return rowBlock(new Uint8Array(rows * layout.stride), layout);
}

/** Bytes of a block. A disk reads as much at once with little loss. */
const largestBlock = 2 ** 19;

/** The encoded rows of one split, in blocks. */
export class PackedRows {
  readonly layout: RowLayout;
  /** Rows of every block but the last, which may have fewer. A power of two. */
  readonly blockRows: number;
  readonly #store: ByteStore;
  readonly #open: Uint8Array;
  #filled = 0;
  #rows = 0;

  /**
   * In memory, or from the first row on in a temporary file, of which blocks so small are read that some dozen of them make a
   * window: that mixes rows from all over the file.
   */
  constructor(layout: RowLayout, where: "memory" | "file", memory: number) {
    this.layout = layout;
    const bytes = Math.min(largestBlock, where === "file" ? memory / 64 : largestBlock);
    this.blockRows = Math.min(2 ** 14, Math.max(2 ** 6, 2 ** Math.floor(Math.log2(bytes / layout.stride))));
    this.#open = new Uint8Array(this.blockRows * layout.stride);
    this.#store = new ByteStore(where === "memory" ? Number.POSITIVE_INFINITY : 0);
  }

  get rows(): number {
    return this.#rows;
  }

  get blocks(): number {
    return this.#store.pieces;
  }

  get isSpooled(): boolean {
    return this.#store.isSpooled;
  }

  /** Takes in the bytes of any number of rows. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const some = bytes.subarray(done, done + this.#open.length - this.#filled);
      this.#open.set(some, this.#filled);
      this.#filled += some.length;
      done += some.length;
      if (this.#filled === this.#open.length) await this.seal();
    }
  }

  /** After the last row: keeps the block that is not full. */
  async seal(): Promise<void> {
    if (this.#filled === 0) return;
    this.#rows += this.#filled / this.layout.stride;
    await this.#store.add(this.#open.slice(0, this.#filled));
    this.#filled = 0;
  }

  /** A promise only where the disk must be waited for. */
  block(index: number): RowBlock | Promise<RowBlock> {
    const bytes = this.#store.piece(index);
    return bytes instanceof Promise ? bytes.then((read) => rowBlock(read, this.layout)) : rowBlock(bytes, this.layout);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

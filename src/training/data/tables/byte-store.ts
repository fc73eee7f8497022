import { SpoolFile } from "./spool-file.ts";

/** Pieces of bytes by number, in memory as long as all together need no more than `memory` bytes, else in a temporary file. */
export class ByteStore {
  readonly #memory: number;
  readonly #kept: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  readonly #written: { readonly offset: number; readonly length: number }[] = [];
  #file: SpoolFile | undefined;
  #bytes = 0;

  constructor(memory: number) {
    this.#memory = memory;
  }

  get pieces(): number {
    return this.isSpooled ? this.#written.length : this.#kept.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True where the pieces are read from a file. */
  get isSpooled(): boolean {
    return this.#file !== undefined;
  }

  /** Throws `DataError` MTL326 where neither memory nor the disk has room. */
  async add(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#bytes += bytes.length;
    if (this.#file === undefined) {
      this.#kept.push(bytes);
      if (this.#bytes > this.#memory) await this.#spool();
    } else {
      await this.#write(bytes, this.#file);
    }
  }

  /** A promise only where the disk must be waited for. */
  piece(index: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#kept[index];
    if (kept !== undefined) return kept;
    const written = this.#written[index];
    if (this.#file === undefined || written === undefined) throw new RangeError(`There is no piece ${index} of the rows.`);
    return this.#file.read(written.offset, written.length);
  }

  /** Each piece once, in order; pieces in memory are given away, so that whoever makes new ones of them needs room for one set only. */
  async *drain(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for (let index = 0; index < this.pieces; index++) {
      const piece = await this.piece(index);
      if (!this.isSpooled) this.#kept[index] = undefined;
      yield piece;
    }
  }

  async close(): Promise<void> {
    this.#kept.length = 0;
    this.#written.length = 0;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #spool(): Promise<void> {
    const file = await SpoolFile.create();
    this.#file = file;
    for (const bytes of this.#kept) if (bytes !== undefined) await this.#write(bytes, file);
    this.#kept.length = 0;
  }

  async #write(bytes: Uint8Array, file: SpoolFile): Promise<void> {
    this.#written.push({ offset: await file.append(bytes), length: bytes.length });
  }
}

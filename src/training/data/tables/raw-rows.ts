import { blockFrom, bytesOf, layoutOf, type Block, type BlockLayout } from "./block.ts";
import { ByteStore } from "./byte-store.ts";

/** The usable rows of a table as they were read, packed column by column, to be looked at several times before they are encoded. */
export class RawRows {
  readonly #store: ByteStore;
  readonly #layouts: BlockLayout[] = [];
  #rows = 0;

  /** `memory` in bytes; what is more lies in a temporary file. */
  constructor(memory: number) {
    this.#store = new ByteStore(memory);
  }

  get rows(): number {
    return this.#rows;
  }

  get isSpooled(): boolean {
    return this.#store.isSpooled;
  }

  async add(block: Block): Promise<void> {
    const layout = layoutOf(block);
    this.#layouts.push(layout);
    this.#rows += block.rows;
    await this.#store.add(bytesOf(block, layout));
  }

  /** All blocks in order; with `last` for the last time, so that their memory is given back one by one. */
  async *blocks({ last }: { readonly last: boolean }): AsyncGenerator<Block, void> {
    let index = 0;
    for await (const bytes of last ? this.#store.drain() : this.#pieces()) {
      const layout = this.#layouts[index++];
      if (layout !== undefined) yield blockFrom(bytes.buffer, layout);
    }
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async *#pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for (let index = 0; index < this.#store.pieces; index++) yield await this.#store.piece(index);
  }
}

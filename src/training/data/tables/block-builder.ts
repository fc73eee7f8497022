import { narrowed, type Block } from "./block.ts";
import type { PackedValues } from "./column-packer.ts";

/** Gathers rows until they make a block. */
export class BlockBuilder {
  readonly #blockRows: number;
  #columns: PackedValues[] = [];
  #rows = 0;

  constructor(blockRows: number) {
    this.#blockRows = blockRows;
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * Takes in the rows of the given numbers, column by column, and calls `full` for every block that they complete. All columns
   * must be of the kind, numbers or codes, of the rows before them in the open block.
   */
  async add(columns: readonly PackedValues[], rows: Uint32Array, full: (block: Block) => Promise<void>): Promise<void> {
    for (let done = 0; done < rows.length;) {
      if (this.#rows === 0) this.#open(columns);
      const some = rows.subarray(done, done + this.#blockRows - this.#rows);
      columns.forEach((values, index) => {
        const target = this.#columns[index];
        if (target === undefined) return;
        for (let i = 0; i < some.length; i++) target[this.#rows + i] = values[some[i] ?? 0] ?? 0;
      });
      this.#rows += some.length;
      done += some.length;
      if (this.#rows === this.#blockRows) await full(this.take());
    }
  }

  /** The open block, as far as it got. */
  take(): Block {
    const block = { rows: this.#rows, columns: this.#columns.map((values) => narrowed(values.subarray(0, this.#rows))) };
    this.#rows = 0;
    return block;
  }

  #open(columns: readonly PackedValues[]): void {
    this.#columns = columns.map((values, index) => {
      const old = this.#columns[index];
      const isNumbers = values instanceof Float64Array;
      if (old instanceof Float64Array && isNumbers) return old;
      if (old instanceof Uint32Array && !isNumbers) return old;
      return isNumbers ? new Float64Array(this.#blockRows) : new Uint32Array(this.#blockRows);
    });
  }
}

/** Rows of a block of so many columns: about half a mebibyte where all are numbers in double precision. */
export function blockRowsFor(columns: number): number {
  const rows = 2 ** Math.floor(Math.log2(2 ** 19 / (8 * Math.max(1, columns))));
  return Math.min(8192, Math.max(256, rows));
}

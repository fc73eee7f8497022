import { DataError, type DataProblem } from "../data-error.ts";
import type { Block } from "./block.ts";
import { BlockBuilder, blockRowsFor } from "./block-builder.ts";
import { ColumnPacker, type PackedValues } from "./column-packer.ts";
import { LabelCheck } from "./label-check.ts";
import { RawRows } from "./raw-rows.ts";
import { emptyColumn, fewestRows, missingColumns, missingInputs, nestedColumns, noRows, tooFewRows } from "./table-problems.ts";
import type { PlannedTask, TablePlan } from "./table-plan.ts";
import type { TableChunk, TableReader } from "./table-reader.ts";

/** A table read once: what an experiment needs of it, and what was learnt on the way. */
export interface PackedTable {
  readonly reader: TableReader;
  readonly plan: TablePlan;
  /** One a slot of the plan. */
  readonly packers: readonly ColumnPacker[];
  /** Rows that can be used; their columns are the plan's slots, and after them the rows' places in the file. */
  readonly rows: RawRows;
  /** One a slot: how many blocks, from the first on, hold it as codes of its dictionary. */
  readonly codedBlocks: readonly number[];
  /** Everything that keeps the table from being used as the experiment asks, as far as it shows before the rows are split. */
  readonly problems: readonly DataProblem[];
}

export interface PackOptions {
  /** Bytes that the rows may take in memory. */
  readonly memory: number;
  /** End at the first problem, instead of looking for others in what may be a very long file. */
  readonly failFast: boolean;
}

/**
 * Reads a table from its first row to its last and keeps what the plan asks for, packed. Rows without a label for any task are
 * left out, for nothing can be learned of them, and so are rows without an input that is to be dropped then. The caller closes
 * them.
 * Throws `DataError` for a file that cannot be read, and with `failFast` for the first problem.
 */
export async function packTable(reader: TableReader, plan: TablePlan, options: PackOptions): Promise<PackedTable> {
  const unknown = [...(reader.allColumnsKnown ? missingColumns(reader, plan) : []), ...nestedColumns(reader, plan)];
  if (unknown[0] !== undefined && options.failFast) throw new DataError(unknown[0]);
  const packing = new Packing(reader, plan, options);
  try {
    if (unknown.length === 0) for await (const chunk of reader.chunks(plan.slots.map(({ column }) => column))) await packing.add(chunk);
    return await packing.finish(unknown);
  } catch (error) {
    await packing.rows.close();
    throw error;
  }
}

class Packing {
  readonly rows: RawRows;
  readonly #reader: TableReader;
  readonly #plan: TablePlan;
  readonly #failFast: boolean;
  readonly #packers: readonly ColumnPacker[];
  readonly #checks: readonly LabelCheck[];
  readonly #builder: BlockBuilder;
  readonly #codedBlocks: number[];
  /** Which input slots a row must have. */
  readonly #needed: readonly number[];
  readonly #labels: readonly number[];
  /** Which slots are kept as codes in the open block. */
  #coded: readonly boolean[];
  #count = 0;

  constructor(reader: TableReader, plan: TablePlan, { memory, failFast }: PackOptions) {
    const blockRows = blockRowsFor(plan.slots.length + 1);
    this.rows = new RawRows(memory);
    this.#builder = new BlockBuilder(blockRows);
    this.#reader = reader;
    this.#plan = plan;
    this.#failFast = failFast;
    this.#packers = plan.slots.map((slot) => new ColumnPacker(slot, reader));
    this.#checks = plan.tasks.map((task) => new LabelCheck(task, reader));
    this.#codedBlocks = plan.slots.map(() => 0);
    this.#coded = this.#packers.map(({ isCoded }) => isCoded);
    this.#needed = plan.inputs.flatMap(({ slot, missing }) => (missing === "drop" ? [slot] : []));
    this.#labels = plan.tasks.flatMap(({ slots }) => slots);
  }

  async add({ rows, places, columns }: TableChunk): Promise<void> {
    this.#count += rows;
    const packed = this.#packers.map((packer, slot) => packer.pack(columns[slot] ?? { type: "text", values: [] }, places));
    this.#checks.forEach((check) => {
      check.add(columns, places);
    });
    if (this.#failFast) this.#throwFirst();
    if (this.#packers.some(({ isCoded }, slot) => isCoded !== this.#coded[slot])) {
      await this.#keepOpenBlock();
      this.#coded = this.#packers.map(({ isCoded }) => isCoded);
    }
    await this.#builder.add([...packed, places], this.#usable(packed, rows), (block) => this.#keep(block));
  }

  async finish(unknown: readonly DataProblem[]): Promise<PackedTable> {
    await this.#keepOpenBlock();
    const problems = unknown.length > 0 ? unknown : this.#problems();
    if (this.#failFast && problems[0] !== undefined) throw new DataError(problems[0]);
    const { rows } = this;
    return { reader: this.#reader, plan: this.#plan, packers: this.#packers, rows, codedBlocks: this.#codedBlocks, problems };
  }

  #problems(): DataProblem[] {
    if (this.#count === 0) return [noRows(this.#reader)];
    if (this.#count < fewestRows) return [tooFewRows(this.#reader, this.#count)];
    const late = missingColumns(this.#reader, this.#plan);
    if (late.length > 0) return late;
    const inputs = this.#plan.inputs.flatMap((input): DataProblem[] => {
      const packer = packerOf(this.#packers, input.slot);
      packer.finish();
      if (packer.fault !== undefined) return [packer.fault];
      if (packer.type === "empty") return [emptyColumn(packer.slot)];
      return input.missing === "error" && packer.missing > 0 ? [missingInputs(this.#reader, packer)] : [];
    });
    return [...inputs, ...this.#plan.tasks.flatMap((task, index) => this.#labelProblems(task, index))];
  }

  #labelProblems(task: PlannedTask, index: number): DataProblem[] {
    const packers = task.slots.map((slot) => packerOf(this.#packers, slot));
    const empty = packers.filter(({ type }) => type === "empty");
    if (empty.length > 0) return empty.map(({ slot }) => emptyColumn(slot, task.settings.id));
    const problem = this.#checks[index]?.finish() ?? packers.find(({ fault }) => fault !== undefined)?.fault;
    return problem === undefined ? [] : [problem];
  }

  /** What is wrong already, whatever follows. */
  #throwFirst(): void {
    for (const { fault, slot } of this.#packers) if (fault !== undefined && slot.use === "input") throw new DataError(fault);
    for (const { problem } of this.#checks) if (problem !== undefined) throw new DataError(problem);
    for (const { missing, slot } of this.#plan.inputs) {
      const packer = packerOf(this.#packers, slot);
      // How many more rows lack it is told where it takes no long file to count them.
      if (missing === "error" && packer.missing > 0 && this.#count > 2 ** 20) throw new DataError(missingInputs(this.#reader, packer));
    }
  }

  #usable(packed: readonly PackedValues[], rows: number): Uint32Array {
    const labels = this.#labels.flatMap((slot) => packed[slot] ?? []);
    const needed = this.#needed.flatMap((slot) => packed[slot] ?? []);
    const usable = new Uint32Array(rows);
    let count = 0;
    for (let row = 0; row < rows; row++) {
      if (!labels.some((values) => hasValue(values, row)) || !needed.every((values) => hasValue(values, row))) continue;
      usable[count] = row;
      count += 1;
    }
    return usable.subarray(0, count);
  }

  async #keepOpenBlock(): Promise<void> {
    if (this.#builder.rows > 0) await this.#keep(this.#builder.take());
  }

  async #keep(block: Block): Promise<void> {
    this.#coded.forEach((isCoded, slot) => {
      if (isCoded) this.#codedBlocks[slot] = (this.#codedBlocks[slot] ?? 0) + 1;
    });
    await this.rows.add(block);
  }
}

function hasValue(values: PackedValues, row: number): boolean {
  const value = values[row] ?? 0;
  return values instanceof Float64Array ? !Number.isNaN(value) : value !== 0;
}

function packerOf(packers: readonly ColumnPacker[], slot: number): ColumnPacker {
  const packer = packers[slot];
  if (packer === undefined) throw new TypeError(`The plan of the table has no slot ${slot}.`);
  return packer;
}

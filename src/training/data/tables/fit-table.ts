import type { Split } from "../../../experiment/record.ts";
import type { DataProblem } from "../data-error.ts";
import { assignSplits, splitNames, type SplitShares } from "../split.ts";
import type { InputMeasure } from "../input-measure.ts";
import type { Block } from "./block.ts";
import type { ColumnPacker, PackedValues } from "./column-packer.ts";
import { fitInput, type InputFit } from "./input-fit.ts";
import type { PackedTable } from "./pack-table.ts";
import { PackedRows } from "./packed-rows.ts";
import { RowEncoder } from "./row-encoder.ts";
import { TaskFit, type FittedTask } from "./task-fit.ts";

/** A table fitted to an experiment. */
export interface FittedTable {
  readonly encoder: RowEncoder;
  readonly tasks: readonly FittedTask[];
  /** Rows of each split. */
  readonly counts: Readonly<Record<Split, number>>;
  /** What does not keep the table from being trained on, but would be missed in what comes of it. */
  readonly warnings: readonly DataProblem[];
  /** Encodes the rows of each split, in the order of the file. Can be done once; the caller closes what it gives. */
  readonly encode: (memory: number) => Promise<Readonly<Record<Split, PackedRows>>>;
}

/** A table of which it is known what its training rows say, and not yet settled how they enter the network. */
export interface MeasuredTable {
  readonly measures: readonly InputMeasure[];
  /** By its own measures, or by such as it shares with other tables. Throws `DataError` where a task cannot be learned. */
  readonly finish: (measures: readonly InputMeasure[]) => FittedTable;
}

/** A table fitted to an experiment by itself. Throws `DataError` where a split is empty, or a task cannot be learned. */
export async function fitTable(table: PackedTable, shares: SplitShares): Promise<FittedTable> {
  const { measures, finish } = await measureTable(table, shares);
  return finish(measures);
}

/**
 * Splits the rows of a table by the split's own seed, and learns from the training rows alone how inputs and labels are encoded.
 * Throws `DataError` where a split is empty.
 */
export async function measureTable(table: PackedTable, shares: SplitShares): Promise<MeasuredTable> {
  const assigned = assignSplits(table.rows.rows, shares, "usable rows");
  const learning = new Learning(table);
  for await (const part of partsOf(table, assigned, false)) learning.add(part);
  if (learning.needsAnotherLook) for await (const part of partsOf(table, assigned, false)) learning.addAgain(part);
  return {
    measures: learning.measures,
    finish(measures) {
      const { encoder, tasks, warnings } = learning.finish(measures);
      return { encoder, tasks, warnings, counts: learning.counts, encode: (memory) => encodeRows(table, assigned, encoder, memory) };
    },
  };
}

/** Rows of a block by split, with all slots' values as they are kept for good: codes of text, else numbers. */
interface BlockParts {
  readonly columns: readonly PackedValues[];
  readonly places: PackedValues;
  readonly rows: Readonly<Record<Split, Uint32Array>>;
}

async function* partsOf(table: PackedTable, assigned: Uint8Array, last: boolean): AsyncGenerator<BlockParts, void> {
  let start = 0;
  let index = 0;
  for await (const block of table.rows.blocks({ last })) {
    const columns = table.packers.map((packer, slot) => unpacked(block, slot, packer, index < (table.codedBlocks[slot] ?? 0)));
    const places = Uint32Array.from(block.columns[table.packers.length] ?? []);
    yield { columns, places, rows: rowsBySplit(assigned.subarray(start, start + block.rows)) };
    start += block.rows;
    index += 1;
  }
}

function unpacked({ columns }: Block, slot: number, packer: ColumnPacker, isCoded: boolean): PackedValues {
  const values = columns[slot] ?? new Uint8Array();
  if (packer.type === "text") return Uint32Array.from(values);
  if (!isCoded) return Float64Array.from(values);
  const { texts } = packer.dictionary;
  return Float64Array.from(values, (code) => (code === 0 ? Number.NaN : Number(texts[code - 1])));
}

function rowsBySplit(assigned: Uint8Array): BlockParts["rows"] {
  const rowsOf = (part: number): Uint32Array => {
    const rows = new Uint32Array(assigned.length);
    let count = 0;
    for (let row = 0; row < assigned.length; row++) if (assigned[row] === part) rows[count++] = row;
    return rows.subarray(0, count);
  };
  return { train: rowsOf(0), validation: rowsOf(1), test: rowsOf(2) };
}

class Learning {
  readonly counts = { train: 0, validation: 0, test: 0 };
  readonly #inputs: readonly { readonly name: string; readonly fit: InputFit; readonly slot: number }[];
  readonly #tasks: readonly TaskFit[];

  constructor({ plan, packers, reader }: PackedTable) {
    const packerOf = (slot: number): ColumnPacker => {
      const packer = packers[slot];
      if (packer === undefined) throw new TypeError(`The plan of the table has no slot ${slot}.`);
      return packer;
    };
    this.#inputs = plan.inputs.map((input) => ({ name: input.name, slot: input.slot, fit: fitInput(input, packerOf(input.slot), reader) }));
    this.#tasks = plan.tasks.map((task) => new TaskFit(task, task.slots.map(packerOf), reader));
  }

  get needsAnotherLook(): boolean {
    return this.#inputs.some(({ fit }) => fit.addAgain !== undefined);
  }

  add({ columns, places, rows }: BlockParts): void {
    for (const split of splitNames) {
      this.counts[split] += rows[split].length;
      for (const { fit, slot } of this.#inputs) fit.add(split, columns[slot] ?? new Uint32Array(), rows[split], places);
      for (const task of this.#tasks) task.add(split, columns, rows[split], places);
    }
  }

  addAgain({ columns, rows }: BlockParts): void {
    for (const { fit, slot } of this.#inputs) fit.addAgain?.(columns[slot] ?? new Uint32Array(), rows.train);
  }

  get measures(): readonly InputMeasure[] {
    return this.#inputs.map(({ fit }) => fit.measure);
  }

  finish(measures: readonly InputMeasure[]): Pick<FittedTable, "encoder" | "tasks" | "warnings"> {
    const inputs = this.#inputs.map(({ name, fit }, index) => ({ name, ...fit.finish(measures[index] ?? fit.measure) }));
    const fitted = this.#tasks.map((task) => task.finish());
    const tasks = fitted.map(({ task }) => task);
    return {
      encoder: new RowEncoder(inputs, tasks),
      tasks,
      warnings: [...inputs, ...fitted].flatMap(({ warnings }) => warnings),
    };
  }
}

async function encodeRows(
  table: PackedTable,
  assigned: Uint8Array,
  encoder: RowEncoder,
  memory: number,
): Promise<Readonly<Record<Split, PackedRows>>> {
  const { layout } = encoder;
  // Where the rows as they were read did not fit, encoding them must not begin in memory beside them.
  const where = table.rows.isSpooled || layout.bytesFor(table.rows.rows) > memory ? "file" : "memory";
  const part = (): PackedRows => new PackedRows(layout, where, memory);
  const parts = { train: part(), validation: part(), test: part() };
  try {
    for await (const { columns, rows } of partsOf(table, assigned, true)) {
      for (const split of splitNames) await parts[split].append(encoder.pack(columns, rows[split]));
    }
    for (const split of splitNames) await parts[split].seal();
    return parts;
  } catch (error) {
    for (const split of splitNames) await parts[split].close();
    throw error;
  }
}

import type { Split } from "../../../experiment/record.ts";
import { DataError, type DataProblem } from "../data-error.ts";
import type { TaskTargets } from "../dataset.ts";
import { LabelFault, type LabelCell, type LabelEncoder, type LabelFit, type LabelRemark } from "../labels/label.ts";
import { faultProblem } from "../labels/label-columns.ts";
import { fitLabels, labelEncoder } from "../labels/labels.ts";
import { labelOf } from "../labels/threshold.ts";
import { CodeCounts } from "./code-counts.ts";
import type { ColumnPacker, PackedValues } from "./column-packer.ts";
import type { PlannedTask } from "./table-plan.ts";
import { placeName, type TableReader } from "./table-reader.ts";

/** Learns a task's targets from the training rows, and looks for labels elsewhere that were not learned. */
export class TaskFit {
  readonly #task: PlannedTask;
  readonly #packers: readonly ColumnPacker[];
  readonly #reader: TableReader;
  readonly #fit: LabelFit;
  readonly #counts = new CodeCounts();
  readonly #rows = { train: 0, validation: 0, test: 0 };
  readonly #labelled = { train: 0, validation: 0, test: 0 };

  constructor(task: PlannedTask, packers: readonly ColumnPacker[], reader: TableReader) {
    this.#task = task;
    this.#packers = packers;
    this.#reader = reader;
    this.#fit = fitLabels(task.settings);
  }

  /** `columns` are all slots' values. */
  add(split: Split, columns: readonly PackedValues[], rows: Uint32Array, places: PackedValues): void {
    const own = this.#task.slots.map((slot) => columns[slot] ?? new Uint32Array());
    const only = own.length === 1 && own[0] instanceof Uint32Array ? own[0] : undefined;
    const cells: LabelCell[] = [];
    this.#rows[split] += rows.length;
    for (const row of rows) {
      if (own.some((values) => isPresent(values, row))) this.#labelled[split] += 1;
      if (only !== undefined) this.#counts.add(split, only[row] ?? 0, places[row] ?? 0);
      if (split !== "train") continue;
      own.forEach((values, position) => {
        cells[position] = this.#cell(position, values[row] ?? 0);
      });
      this.#guarded(places[row], () => {
        this.#fit.add(cells);
      });
    }
  }

  finish(): { readonly task: FittedTask; readonly warnings: readonly DataProblem[] } {
    const { targets, remarks } = this.#guarded(undefined, () => this.#fit.finish());
    const encoder = labelEncoder(targets, this.#task.settings);
    this.#requireLearned(encoder);
    const task = new FittedTask(targets, this.#task, encoder, this.#packers);
    return { task, warnings: [...this.#unmeasured(), ...remarks.map((remark) => this.#remarked(remark))] };
  }

  #cell(position: number, value: number): LabelCell {
    return labelCell(this.#task, this.#packers, position, value);
  }

  /** A label of one column that only other rows have cannot have been learned. */
  #requireLearned(encoder: LabelEncoder): void {
    const scratch = new Float32Array(encoder.size);
    for (const { split, code, place } of this.#counts.unseen()) {
      this.#guarded(place, () => encoder.encode([this.#cell(0, code)], scratch, 0), split);
    }
  }

  #unmeasured(): DataProblem[] {
    const { settings, paths } = this.#task;
    return (["validation", "test"] as const)
      .filter((split) => this.#labelled[split] === 0)
      .map((split) => ({
        code: "MTL322",
        path: paths[0] ?? ["tasks", settings.id],
        column: settings.columns[0] ?? settings.id,
        message: `Task "${settings.id}" has no label in any of the ${this.#rows[split]} ${split} rows, so it gets no ${split} metrics. Add labels, or change split.seed.`,
      }));
  }

  #remarked({ code, message, column }: LabelRemark): DataProblem {
    const { settings, paths } = this.#task;
    return { code, path: paths[column] ?? ["tasks", settings.id], column: settings.columns[column] ?? settings.id, message };
  }

  /** Who fits and encodes knows only the cell; here its row is known. */
  #guarded<T>(place: number | undefined, work: () => T, split?: Split): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof LabelFault)) throw error;
      const where = place === undefined ? { place: "" } : { place: placeName(this.#reader, place), row: place };
      throw new DataError(faultProblem(this.#task, error, { ...where, ...(split === undefined ? {} : { split }) }));
    }
  }
}

/** Writes a task's targets of one row after another. */
export class FittedTask {
  readonly targets: TaskTargets;
  readonly slots: readonly number[];
  /** Numbers that a row takes. */
  readonly size: number;
  readonly #task: PlannedTask;
  readonly #encoder: LabelEncoder;
  readonly #packers: readonly ColumnPacker[];
  readonly #cells: LabelCell[] = [];
  /** What each code of a single column becomes, worked out once: the targets, and after them whether there is a label. */
  readonly #byCode: Float32Array | undefined;

  constructor(targets: TaskTargets, task: PlannedTask, encoder: LabelEncoder, packers: readonly ColumnPacker[]) {
    this.targets = targets;
    this.slots = task.slots;
    this.size = encoder.size;
    this.#task = task;
    this.#encoder = encoder;
    this.#packers = packers;
    const [only, ...others] = packers;
    if (only?.isCoded === true && others.length === 0) this.#byCode = this.#table(only.dictionary.size + 1);
  }

  /** Writes `size` numbers and says whether the row has a label. `values` are those of the task's slots. */
  write(into: Float32Array, values: readonly number[]): boolean {
    if (this.#byCode !== undefined) {
      const at = (values[0] ?? 0) * (this.size + 1);
      for (let i = 0; i < this.size; i++) into[i] = this.#byCode[at + i] ?? 0;
      return this.#byCode[at + this.size] === 1;
    }
    values.forEach((value, position) => {
      this.#cells[position] = labelCell(this.#task, this.#packers, position, value);
    });
    return this.#encoder.encode(this.#cells, into, 0);
  }

  #table(codes: number): Float32Array {
    const table = new Float32Array(codes * (this.size + 1));
    for (let code = 0; code < codes; code++) {
      const at = code * (this.size + 1);
      try {
        table[at + this.size] = this.#encoder.encode([labelCell(this.#task, this.#packers, 0, code)], table, at) ? 1 : 0;
      } catch (error) {
        // A text of rows that were left out; no row has it.
        if (!(error instanceof LabelFault)) throw error;
      }
    }
    return table;
  }
}

/** The label that a slot's value stands for. */
function labelCell(task: PlannedTask, packers: readonly ColumnPacker[], position: number, value: number): LabelCell {
  const packer = packers[position];
  return labelOf(task, position, packer?.isCoded === true ? packer.dictionary.text(value) : value);
}

function isPresent(values: PackedValues, row: number): boolean {
  const value = values[row] ?? 0;
  return values instanceof Float64Array ? !Number.isNaN(value) : value !== 0;
}

import type { DataProblem } from "../data-error.ts";
import { LabelFault, type LabelCell, type LabelFit } from "../labels/label.ts";
import { faultProblem } from "../labels/label-columns.ts";
import { fitLabels } from "../labels/labels.ts";
import { labelOf } from "../labels/threshold.ts";
import type { PlannedTask } from "./table-plan.ts";
import { placeName, type ChunkColumn, type TableReader } from "./table-reader.ts";

/** Looks at the labels of all rows for what no choice of training rows could make labels of. */
export class LabelCheck {
  /** The first that was found. */
  problem: DataProblem | undefined;
  readonly #task: PlannedTask;
  readonly #reader: TableReader;
  readonly #fit: LabelFit;

  constructor(task: PlannedTask, reader: TableReader) {
    this.#task = task;
    this.#reader = reader;
    this.#fit = fitLabels(task.settings);
  }

  add(columns: readonly ChunkColumn[], places: Uint32Array): void {
    if (this.problem !== undefined) return;
    const own = this.#task.slots.map((slot) => columns[slot]?.values);
    const cells: LabelCell[] = [];
    let row = 0;
    try {
      for (; row < places.length; row++) {
        own.forEach((values, position) => {
          cells[position] = labelOf(this.#task, position, values?.[row] ?? null);
        });
        this.#fit.add(cells);
      }
    } catch (error) {
      this.#blame(error, places[row] ?? 0);
    }
  }

  /** After the last row. */
  finish(): DataProblem | undefined {
    if (this.problem !== undefined) return this.problem;
    try {
      this.#fit.finish();
    } catch (error) {
      this.#blame(error);
    }
    return this.problem;
  }

  #blame(error: unknown, place?: number): void {
    if (!(error instanceof LabelFault)) throw error;
    const where = place === undefined ? { place: "" } : { place: placeName(this.#reader, place), row: place };
    this.problem = faultProblem(this.#task, error, where);
  }
}

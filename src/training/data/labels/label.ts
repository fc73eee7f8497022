import type { CheckCode } from "../../../experiment/codes.ts";
import type { Split } from "../../../experiment/record.ts";
import type { TaskKind } from "../../../experiment/task-kinds.ts";
import type { TaskTargets } from "../dataset.ts";

/** What a row has in one label column: trimmed text, a number, or a list of them; `null` or NaN where it is missing. */
export type LabelCell = string | number | null | LabelList;

export type LabelList =
  | readonly (string | number | null)[]
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array;

/** What the experiment says of a task's labels, and the source of the cells. */
export interface LabelSettings {
  readonly id: string;
  readonly kind: TaskKind;
  /** Names of the label columns; each row gives one cell for each. */
  readonly columns: readonly string[];
  /** Classes in their order, where the experiment names them. */
  readonly classes?: readonly string[];
  /** What stands between the labels of a text cell; for multi-label. */
  readonly separator?: string;
  /** Value of a pixel that has no label; for segmentation. */
  readonly ignore?: number;
  /** The direction of a vector is what counts: its components keep their zero and get one common scale. */
  readonly direction?: boolean;
  /** Shape of a list cell, where the source knows one; segmentation needs `[height, width]`. */
  readonly shape?: readonly number[];
}

/** Learns from the training rows, one after another, what the targets of a task are. Keeps counts and moments, never the rows. */
export interface LabelFit {
  /** Takes in a training row, with a label or without. Throws `LabelFault` for a cell that cannot be a label of the task. */
  add(cells: readonly LabelCell[]): void;
  /** Throws `LabelFault` where there is nothing to learn from. */
  finish(): FittedLabels;
}

export interface FittedLabels {
  readonly targets: TaskTargets;
  /** What does not keep the task from being trained on, but would be missed in what comes of it. */
  readonly remarks: readonly LabelRemark[];
}

export interface LabelRemark {
  readonly code: CheckCode;
  readonly column: number;
  readonly message: string;
}

/** Writes the labels of one row, of any split, as targets. */
export interface LabelEncoder {
  /** Numbers that a row takes: the product of `TaskTargets.shape`. */
  readonly size: number;
  /**
   * Writes `size` numbers at `offset` and says whether the row has a label. Without one they are 0; of a row that has some of
   * its labels, the missing ones are NaN. Throws `LabelFault` for a cell that cannot be a label of the task.
   */
  encode(cells: readonly LabelCell[], into: Float32Array, offset: number): boolean;
}

/** Where a row stands, in a person's words: `line 17`, and the split that it is in, where that is decided. */
export interface RowPlace {
  readonly place: string;
  readonly split?: Split;
}

/** A cell that cannot be a label of its task. Thrown where only the cell is known; who knows the row makes a `DataError` of it. */
export class LabelFault extends Error {
  override readonly name = "LabelFault";
  readonly code: CheckCode;
  /** Position among the task's label columns. */
  readonly column: number;
  /** What is wrong, where, and what to do. */
  readonly tell: (where: RowPlace) => string;

  constructor(code: CheckCode, column: number, tell: (where: RowPlace) => string) {
    super(tell({ place: "a row" }));
    this.code = code;
    this.column = column;
    this.tell = tell;
  }
}

/** A cell in a message. */
export function quoted(cell: LabelCell): string {
  if (cell === null || typeof cell !== "object") return `"${String(cell).slice(0, 60)}"`;
  return `a list of ${cell.length}`;
}

export function isMissing(cell: LabelCell | undefined): cell is null | undefined {
  return cell === undefined || cell === null || (typeof cell === "number" && Number.isNaN(cell));
}

/** A task that no training row has a label for. */
export function nothingToLearn({ id }: LabelSettings, rows: number): LabelFault {
  return new LabelFault(
    "MTL317",
    0,
    () => `Task "${id}" has no label in any of the ${rows} training rows. Change split.seed, or add labels.`,
  );
}

/** A list where one value belongs, or the other way round. */
export function misshapen({ id, columns }: LabelSettings, column: number, found: string, wanted: string): LabelFault {
  return new LabelFault(
    "MTL354",
    column,
    ({ place }) => `Column "${columns[column] ?? ""}" has ${found} in ${place}, but the task "${id}" needs ${wanted}.`,
  );
}

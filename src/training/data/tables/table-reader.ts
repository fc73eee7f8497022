/**
 * A table in a file, read from its first row to its last as often as asked for, a bounded piece at a time, whatever its format
 * and size.
 */
export interface TableReader {
  /** The file's name without its folder, for messages. */
  readonly file: string;
  /** What a person calls a row: a line of a text file, an entry of a json file, a row of a parquet file. Each counts from 1. */
  readonly rowWord: "line" | "entry" | "row";
  /** The columns in their order. Of json entries, those that were met so far: later entries may bring more. */
  readonly columns: readonly ColumnHead[];
  /** False where later rows may bring further columns. */
  readonly allColumnsKnown: boolean;
  /** Rows in the file, where it tells. */
  readonly rows: number | undefined;
  /** Bytes of the file as it lies on the disk. */
  readonly bytes: number;
  /**
   * The rows from the first on, with the columns of these names in this order; a name that no row has gives a column without
   * values. Throws `DataError` at the first row that cannot be read.
   */
  chunks(columns: readonly string[]): AsyncIterable<TableChunk>;
}

export interface ColumnHead {
  readonly name: string;
  /** `cells`: the format tells no types, each cell is a number or a text. `nested`: no single values, such as lists. */
  readonly type: "cells" | "number" | "text" | "date" | "nested";
  /** How the file calls the type of a nested column. */
  readonly typeName?: string;
  /** Of a nested column: its values are lists of numbers or texts, which can be labels and are given as `lists`. */
  readonly lists?: true;
}

/** Whether a column can be read: all but those of objects, maps and the like. */
export function isReadable({ type, lists }: ColumnHead): boolean {
  return type !== "nested" || lists === true;
}

/** Some rows, one after the other. Valid until the next chunk is asked for. */
export interface TableChunk {
  readonly rows: number;
  /** Line, entry or row number of each row. */
  readonly places: Uint32Array;
  readonly columns: readonly ChunkColumn[];
}

export type ChunkColumn = NumberColumn<"number"> | NumberColumn<"date"> | TextColumn<"text"> | TextColumn<"cells"> | TextColumn<"lists">;

/** Numbers, or dates as milliseconds since 1970 in UTC; NaN where the value is missing. */
interface NumberColumn<T> {
  readonly type: T;
  readonly values: Float64Array;
}

/** Trimmed texts, `null` where the value is missing. Of `cells` it is open whether they are numbers; `lists` are as `list-cells.ts` writes them. */
interface TextColumn<T> {
  readonly type: T;
  readonly values: readonly (string | null)[];
}

/** `line 17 of "table.csv"`, `entry 3 of …`, `row 2,900,000 of …`. */
export function placeName({ file, rowWord }: Pick<TableReader, "file" | "rowWord">, place: number): string {
  return `${rowWord} ${rowWord === "row" ? place.toLocaleString("en") : place} of "${file}"`;
}

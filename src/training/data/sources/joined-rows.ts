import type { RowValues } from "../dataset.ts";

/** How the tasks of one source stand among those of all of them. */
export interface TaskPlaces {
  /** Numbers that a row takes, for every task of the whole data set. */
  readonly sizes: readonly number[];
  /** Position of each task in the source, undefined where it has no labels for it. */
  readonly own: readonly (number | undefined)[];
}

/** Rows of one source as rows of the whole data set: the tasks that it has no labels for are missing in each. */
export function amongAllTasks({ rows, inputs, targets, present }: RowValues, { sizes, own }: TaskPlaces): RowValues {
  return {
    rows,
    inputs,
    targets: sizes.map((size, task) => partOf(targets, own[task]) ?? new Float32Array(rows * size)),
    present: sizes.map((_, task) => partOf(present, own[task]) ?? new Uint8Array(rows)),
  };
}

function partOf<Part>(parts: readonly Part[], position: number | undefined): Part | undefined {
  return position === undefined ? undefined : parts[position];
}

/** Rows one after the other, as one batch. All have the same inputs and tasks. */
export function joinRows(parts: readonly RowValues[]): RowValues {
  const [first] = parts;
  if (first === undefined) throw new RangeError("There are no rows to join.");
  if (parts.length === 1) return first;
  const joined = <T extends Float32Array | Uint8Array>(arrays: readonly T[], make: (length: number) => T): T => {
    const whole = make(arrays.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const array of arrays) {
      whole.set(array, offset);
      offset += array.length;
    }
    return whole;
  };
  const floats = (arrays: readonly (Float32Array | undefined)[]): Float32Array =>
    joined<Float32Array>(arrays.map((array) => array ?? new Float32Array()), (length) => new Float32Array(length)); // prettier-ignore
  const marks = (arrays: readonly (Uint8Array | undefined)[]): Uint8Array =>
    joined<Uint8Array>(arrays.map((array) => array ?? new Uint8Array()), (length) => new Uint8Array(length)); // prettier-ignore
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    inputs: first.inputs.map((_, input) => floats(parts.map(({ inputs }) => inputs[input]))),
    targets: first.targets.map((_, task) => floats(parts.map(({ targets }) => targets[task]))),
    present: first.present.map((_, task) => marks(parts.map(({ present }) => present[task]))),
  };
}

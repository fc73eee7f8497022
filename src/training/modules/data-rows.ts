import type { InputSpec, RowValues } from "../data/dataset.ts";
import type { OwnTask } from "./own-task.ts";
import { isRecord, RowsFault, shown, sizeOf } from "./rows-fault.ts";

/** Beyond this, squares overflow in single precision. */
const largestNumber = 1e30;

/**
 * Checks rows that the user's code gave: lengths, numbers that cannot be computed with, classes that there are none of, labels that
 * are missing without being said so. `where` names them (`train`), `first` is the number of their first row. Throws `RowsFault`.
 */
export function checkRows(given: unknown, inputs: readonly InputSpec[], tasks: readonly OwnTask[], where: string, first = 0): RowValues {
  if (!isRecord(given)) throw new RowsFault(`${where} must be an object with \`rows\`, \`inputs\` and \`targets\`.`);
  const { rows } = given;
  if (typeof rows !== "number" || !Number.isInteger(rows) || rows < 1) {
    throw new RowsFault(`${where}.rows must be how many rows there are, at least 1, but it is ${shown(rows)}.`);
  }
  const names = (part: string, list: readonly string[], optional = false): ((name: string) => unknown) => {
    const all = given[part];
    if (all === undefined && optional) return () => undefined;
    if (!isRecord(all)) throw new RowsFault(`${where}.${part} must be an object with ${listed(list)}.`);
    const foreign = Object.keys(all).find((name) => !list.includes(name));
    if (foreign !== undefined) throw new RowsFault(`${where}.${part} has "${foreign}", and there are only ${listed(list)}.`);
    return (name) => all[name];
  };
  const inputOf = names("inputs", inputs.map(({ name }) => name)); // prettier-ignore
  const ids = tasks.map(({ id }) => id);
  const targetsOf = names("targets", ids);
  const presentOf = names("present", ids, true);
  const labels = tasks.map((task) => {
    const present = checkPresent(presentOf(task.id), rows, `${where}.present.${task.id}`);
    const all = checkNumbers(targetsOf(task.id), rows, task.shape, `${where}.targets.${task.id}`);
    return { present, targets: checkTargets(all, present, task, `${where}.targets.${task.id}`, first) };
  });
  return {
    rows,
    inputs: inputs.map(({ name, shape }) => {
      const part = `${where}.inputs.${name}`;
      const values = checkNumbers(inputOf(name), rows, shape, part);
      const bad = values.findIndex((value) => !(Math.abs(value) <= largestNumber));
      if (bad < 0) return values;
      const size = sizeOf(shape);
      throw new RowsFault(
        `${part} has ${values[bad]} in ${rowOf(bad, size, first)}${size > 1 ? `, value ${bad % size} of it` : ""}. Inputs must be numbers within ±1e30: fill in what is missing.`,
      );
    }),
    targets: labels.map(({ targets }) => targets),
    present: labels.map(({ present }) => present),
  };
}

function checkNumbers(given: unknown, rows: number, shape: readonly number[], part: string): Float32Array {
  const wanted = rows * sizeOf(shape);
  if (given === undefined) throw new RowsFault(`${part} is missing: ${wanted} numbers.`);
  if (!isNumbers(given)) throw new RowsFault(`${part} must be a typed array or a list of numbers, but it is ${shown(given)}.`);
  if (given.length !== wanted) {
    const each = shape.length === 0 ? "" : ` of [${shape.join(", ")}]`;
    throw new RowsFault(`${part} has ${given.length} numbers, and ${rows} rows${each} need ${wanted}.`);
  }
  if (given instanceof Float32Array) return given;
  const wrong = Array.isArray(given) ? given.findIndex((value: unknown) => typeof value !== "number") : -1;
  if (wrong >= 0)
    throw new RowsFault(`${part} has ${shown(Array.isArray(given) ? given[wrong] : undefined)} at ${wrong}, which is not a number.`);
  return Float32Array.from(given);
}

function checkPresent(given: unknown, rows: number, part: string): Uint8Array {
  if (given === undefined) return new Uint8Array(rows).fill(1);
  if (!isNumbers(given)) throw new RowsFault(`${part} must be a typed array or a list, but it is ${shown(given)}.`);
  if (given.length !== rows) throw new RowsFault(`${part} has ${given.length} marks, and there are ${rows} rows.`);
  const marks = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const mark: unknown = given[row];
    if (mark !== 0 && mark !== 1 && mark !== true && mark !== false) {
      throw new RowsFault(`${part} has ${shown(mark)} in row ${row}, and a mark is 0 or 1, true or false.`);
    }
    marks[row] = Number(mark);
  }
  return marks;
}

/** Targets of rows without a label become 0. */
function checkTargets(given: Float32Array, present: Uint8Array, task: OwnTask, part: string, first: number): Float32Array {
  const size = sizeOf(task.shape);
  const fault = faultOf(task);
  const targets = given.slice();
  for (let i = 0; i < targets.length; i++) {
    const row = Math.floor(i / size);
    if (present[row] !== 1) {
      targets[i] = 0;
      continue;
    }
    const value = targets[i] ?? Number.NaN;
    if (Number.isNaN(value) && !task.mayBePartial) {
      throw new RowsFault(
        `${part} is NaN in ${rowOf(i, size, first)}. Where a row has no label, say so: \`present: { ${task.id}: … }\` with 0 for that row.`,
      );
    }
    const wrong = Number.isNaN(value) ? undefined : fault(value);
    if (wrong !== undefined) throw new RowsFault(`${part} has ${value} in ${rowOf(i, size, first)}, and ${wrong}.`);
  }
  return targets;
}

function faultOf({ kind, classes }: OwnTask): (value: number) => string | undefined {
  switch (kind) {
    case "regression":
      return (value) => (Math.abs(value) <= largestNumber ? undefined : "numbers beyond ±1e30 cannot be computed with");
    case "binary":
    case "multi-label":
      return (value) => (value === 0 || value === 1 ? undefined : "it must be 0 or 1");
    default: {
      const last = classes.length - 1;
      const range = `its ${classes.length} classes are numbered from 0 to ${last}`;
      return (value) => (Number.isInteger(value) && value >= 0 && value <= last ? undefined : range);
    }
  }
}

/** Rows are counted from 0, as the code that made them counts. */
function rowOf(index: number, size: number, first: number): string {
  return `row ${first + Math.floor(index / size)}`;
}

type NumbersLike = ArrayLike<number> & Iterable<number>;

function isNumbers(value: unknown): value is NumbersLike {
  return (
    Array.isArray(value) ||
    (ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof BigInt64Array) && !(value instanceof BigUint64Array))
  );
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

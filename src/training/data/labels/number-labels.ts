import { numberOf } from "../cells.ts";
import type { NumberTargets, TaskTargets } from "../dataset.ts";
import { usableDeviation } from "../spread.ts";
import {
  isMissing,
  LabelFault,
  misshapen,
  nothingToLearn,
  quoted,
  type FittedLabels,
  type LabelCell,
  type LabelEncoder,
  type LabelFit,
  type LabelRemark,
  type LabelSettings,
} from "./label.ts";

/** Errors are squared and summed in double precision, and values are held in single precision: beyond this neither is sure. */
const largestNumber = 1e30;

/**
 * Labels that are a number, or several: regression. Each component is standardised by its own mean and population standard
 * deviation over the training rows; where the direction of the vector counts, all are divided by one common scale instead.
 */
export class NumberFit implements LabelFit {
  readonly #settings: LabelSettings;
  #components: Moments[] | undefined;
  #rows = 0;

  constructor(settings: LabelSettings) {
    this.#settings = settings;
  }

  add(cells: readonly LabelCell[]): void {
    this.#rows += 1;
    const values = readNumbers(cells, this.#settings);
    if (values === undefined) return;
    this.#components ??= values.map(() => new Moments());
    requireLength(values, this.#components.length, this.#settings);
    values.forEach((value, component) => {
      if (!Number.isNaN(value)) this.#components?.[component]?.add(value);
    });
  }

  finish(): FittedLabels {
    const { id, kind, columns, direction = false } = this.#settings;
    const components = this.#components;
    if (components === undefined || components.some(({ count }) => count === 0)) throw nothingToLearn(this.#settings, this.#rows);
    if (direction && components.length < 2) throw noDirection(this.#settings);
    const isVector = columns.length > 1 || components.length > 1;
    const numbers = direction ? commonScale(components) : components.map((moments) => moments.standardisation());
    const targets: TaskTargets = { id, kind, classes: [], shape: isVector ? [components.length] : [], numbers };
    return {
      targets,
      remarks: components.flatMap((moments, component) => (moments.isConstant ? [constant(this.#settings, component)] : [])),
    };
  }
}

/** Writes a row's standardised numbers. */
export function numberEncoder({ numbers }: TaskTargets, settings: LabelSettings): LabelEncoder {
  const size = numbers.length;
  return {
    size,
    encode(cells, into, offset) {
      into.fill(0, offset, offset + size);
      const values = readNumbers(cells, settings);
      if (values === undefined) return false;
      requireLength(values, size, settings);
      values.forEach((value, component) => {
        const { mean = 0, deviation = 1 } = numbers[component] ?? {};
        into[offset + component] = (value - mean) / deviation;
      });
      return true;
    },
  };
}

/** Mean and spread of values that come one after another (Welford 1962), as distances from the first: nothing is lost far from 0. */
class Moments {
  count = 0;
  #origin = 0;
  #distance = 0;
  #squares = 0;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    if (this.count === 0) this.#origin = value;
    this.count += 1;
    const distance = value - this.#origin;
    const before = distance - this.#distance;
    this.#distance += before / this.count;
    this.#squares += before * (distance - this.#distance);
    this.#least = Math.min(this.#least, value);
    this.#greatest = Math.max(this.#greatest, value);
  }

  get mean(): number {
    return this.#origin + this.#distance;
  }

  get isConstant(): boolean {
    return this.#least === this.#greatest;
  }

  /** Mean of the squares, around 0. */
  get meanSquare(): number {
    return this.#squares / this.count + this.mean ** 2;
  }

  /** Deviation 1 where the values do not vary, so that a constant gives zeros and no infinities. */
  standardisation(): NumberTargets {
    const range = { least: this.#least, greatest: this.#greatest };
    return { mean: this.mean, deviation: usableDeviation(Math.sqrt(this.#squares / this.count), range) };
  }
}

/** Root of the mean square over all components, which leaves every direction as it is. */
function commonScale(components: readonly Moments[]): NumberTargets[] {
  const square = components.reduce((sum, { meanSquare }) => sum + meanSquare, 0) / components.length;
  return components.map(() => ({ mean: 0, deviation: square > 0 ? Math.sqrt(square) : 1 }));
}

/** One number a component, NaN where it is missing; undefined where all of them are. */
function readNumbers(cells: readonly LabelCell[], settings: LabelSettings): readonly number[] | undefined {
  const [only] = cells;
  const isList = cells.length === 1 && typeof only === "object" && only !== null;
  const values = isList
    ? Array.from<string | number | null>(only).map((cell) => numberIn(cell, 0, settings))
    : cells.map((cell, column) => numberIn(cell, column, settings));
  return values.every(Number.isNaN) ? undefined : values;
}

function numberIn(cell: LabelCell, column: number, settings: LabelSettings): number {
  if (isMissing(cell)) return Number.NaN;
  if (typeof cell === "object") throw misshapen(settings, column, quoted(cell), "one number in each of its columns");
  const value = typeof cell === "number" ? cell : numberOf(cell);
  if (value === undefined) throw notANumber(settings, column, cell);
  if (Math.abs(value) > largestNumber) throw tooLarge(settings, column, cell);
  return value;
}

function requireLength(values: readonly number[], length: number, settings: LabelSettings): void {
  if (values.length !== length) throw misshapen(settings, 0, `a list of ${values.length}`, `one of ${length} in every row`);
}

function notANumber({ id, columns }: LabelSettings, column: number, cell: LabelCell): LabelFault {
  return new LabelFault(
    "MTL304",
    column,
    ({ place }) =>
      `Task "${id}" predicts a number, but column "${columns[column] ?? ""}" has ${quoted(cell)} in ${place}. ` +
      `Correct that cell, leave it empty if the label is missing, or use "kind: classification".`,
  );
}

function tooLarge({ columns }: LabelSettings, column: number, cell: string | number): LabelFault {
  return new LabelFault(
    "MTL324",
    column,
    ({ place }) =>
      `Column "${columns[column] ?? ""}" has ${String(cell)} in ${place}, and numbers beyond ±1e30 cannot be computed with. ` +
      `Correct that cell, or leave it empty if the value is missing.`,
  );
}

function noDirection({ id, columns }: LabelSettings): LabelFault {
  return new LabelFault(
    "MTL354",
    0,
    () =>
      `The loss of task "${id}" looks at the direction of a vector, and column "${columns[0] ?? ""}" has one number a row. ` +
      `Name a column for each component under "columns", or use another loss.`,
  );
}

function constant({ id, columns }: LabelSettings, component: number): LabelRemark {
  const column = Math.min(component, columns.length - 1);
  const message = `Task "${id}" has the same label in every training row of column "${columns[column] ?? ""}": there is nothing to learn, and r2 has no value. Choose another column, or remove the task.`;
  return { code: "MTL323", column, message };
}

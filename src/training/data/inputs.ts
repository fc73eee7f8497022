import { categoriesOf, categoryOf, numberOf, type Column } from "./column.ts";

/** How one input column enters the network: as one standardised number, or as one feature for each category. */
export type Encoding =
  | { readonly kind: "number"; readonly column: Column; readonly mean: number; readonly deviation: number }
  | { readonly kind: "category"; readonly column: Column; readonly categories: readonly string[]; readonly ownMissing: boolean };

/**
 * Fits an input column on the training rows alone. A column that is constant there keeps deviation 1, so that it gives zeros
 * and no infinities. When a training row lacks the value of a text column, "missing" becomes a category of its own.
 */
export function fitInput(column: Column, trainRows: Uint32Array): Encoding {
  if (column.type !== "number") {
    const ownMissing = trainRows.some((row) => (column.cells[row] ?? null) === null);
    return { kind: "category", column, categories: categoriesOf(column, trainRows), ownMissing };
  }
  return { kind: "number", column, ...standardisationOf(numbersOf(column, trainRows)) };
}

/** Names of the features an encoding gives: the column's name, or `Island=Biscoe` for a category. */
export function featureNames(encoding: Encoding): string[] {
  const { name } = encoding.column;
  if (encoding.kind === "number") return [name];
  const categories = encoding.ownMissing ? [...encoding.categories, "(missing)"] : encoding.categories;
  return categories.map((category) => `${name}=${category}`);
}

/**
 * Input features of some rows, `rows × features`, row-major. A missing number is the training mean, thus 0. A category (or a
 * missing text) that no training row has gives zeros in all features of its column.
 */
export function encodeInputs(encodings: readonly Encoding[], rows: Uint32Array): Float32Array {
  const widths = encodings.map((encoding) => featureNames(encoding).length);
  const width = widths.reduce((sum, each) => sum + each, 0);
  const features = new Float32Array(rows.length * width);
  let offset = 0;
  encodings.forEach((encoding, index) => {
    const write = encoding.kind === "number" ? writeNumber(encoding) : writeCategory(encoding);
    rows.forEach((row, position) => write(features, position * width + offset, encoding.column.cells[row] ?? null));
    offset += widths[index] ?? 0;
  });
  return features;
}

/** Mean and population standard deviation; deviation 1 where the values do not vary. */
export function standardisationOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
  const deviation = Math.sqrt(variance);
  // Rounding leaves a trace of variance in a constant column; standardising by it would blow noise up.
  return { mean, deviation: deviation > 1e-12 * Math.abs(mean) ? deviation : 1 };
}

/** The numbers that a number column has in some rows. */
export function numbersOf(column: Column, rows: Uint32Array): number[] {
  const values: number[] = [];
  for (const row of rows) {
    const cell = column.cells[row] ?? null;
    const value = cell === null ? undefined : numberOf(cell);
    if (value !== undefined) values.push(value);
  }
  return values;
}

type Write = (features: Float32Array, position: number, cell: string | null) => void;

function writeNumber({ mean, deviation }: Encoding & { kind: "number" }): Write {
  return (features, position, cell) => {
    const value = cell === null ? undefined : numberOf(cell);
    features[position] = value === undefined ? 0 : (value - mean) / deviation;
  };
}

function writeCategory({ categories, ownMissing, column }: Encoding & { kind: "category" }): Write {
  const indices = new Map(categories.map((category, index) => [category, index]));
  const missingIndex = ownMissing ? categories.length : undefined;
  return (features, position, cell) => {
    const index = cell === null ? missingIndex : indices.get(categoryOf(cell, column.type));
    if (index !== undefined) features[position + index] = 1;
  };
}

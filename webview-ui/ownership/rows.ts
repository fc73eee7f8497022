import type { ParameterDescription } from "../../src/experiment/record.ts";

/** A tensor's row in the heat map. */
export interface Row {
  readonly parameter: ParameterDescription;
  readonly top: number;
  readonly height: number;
  /** The full name for the first row of a layer, `.bias` below it. */
  readonly label: string;
  /** Biases and the like: few weights, half the height. */
  readonly minor: boolean;
}

const tall = 28;
const low = 14;
const betweenLayers = 8;

/** Rows from input to output, tensors of one layer together. */
export function layOutRows(parameters: readonly ParameterDescription[]): { readonly rows: readonly Row[]; readonly height: number } {
  let top = 0;
  let layer: string | null = null;
  const rows = parameters.map((parameter): Row => {
    const first = parameter.layer !== layer;
    if (first && layer !== null) top += betweenLayers;
    layer = parameter.layer;
    const minor = parameter.shape.length <= 1;
    const row = { parameter, top, height: minor ? low : tall, label: first ? parameter.name : `.${parameter.weight}`, minor };
    top += row.height;
    return row;
  });
  return { rows, height: top };
}

/** The row at a height; between rows the one above. */
export function rowAt(rows: readonly Row[], y: number): Row | null {
  return rows.findLast(({ top }) => y >= top) ?? rows[0] ?? null;
}

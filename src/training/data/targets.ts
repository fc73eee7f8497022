import type { TaskTargets } from "./dataset.ts";
import { categoriesOf, categoryOf, numberOf, type Column } from "./column.ts";
import { numbersOf, standardisationOf } from "./inputs.ts";

/** Fits a task's targets on the training rows alone: its classes in a stable order, or its mean and deviation. */
export function fitTargets(id: string, kind: TaskTargets["kind"], column: Column, trainRows: Uint32Array): TaskTargets {
  if (kind === "classification") return { id, kind, classes: categoriesOf(column, trainRows), mean: 0, deviation: 1 };
  return { id, kind, classes: [], ...standardisationOf(numbersOf(column, trainRows)) };
}

/** Targets of some rows, and which of them have one. An absent target is 0 and must not be read. */
export function encodeTargets(
  targets: TaskTargets,
  column: Column,
  rows: Uint32Array,
): { readonly values: Float32Array; readonly present: Uint8Array } {
  const values = new Float32Array(rows.length);
  const present = new Uint8Array(rows.length);
  const indices = new Map(targets.classes.map((name, index) => [name, index]));
  rows.forEach((row, position) => {
    const cell = column.cells[row] ?? null;
    if (cell === null) return;
    const value = targets.kind === "classification" ? indices.get(categoryOf(cell, column.type)) : standardised(cell, targets);
    if (value === undefined) return;
    values[position] = value;
    present[position] = 1;
  });
  return { values, present };
}

function standardised(cell: string, { mean, deviation }: TaskTargets): number | undefined {
  const value = numberOf(cell);
  return value === undefined ? undefined : (value - mean) / deviation;
}

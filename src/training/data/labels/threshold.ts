import { numberOf } from "../cells.ts";
import { listIn } from "../tables/list-cells.ts";
import type { LabelColumns } from "./label-columns.ts";
import { isMissing, LabelFault, quoted, type LabelCell } from "./label.ts";

/**
 * The label that a cell stands for: itself, or the side of the task's threshold that its number is on. The sides' names are in
 * such an order that the upper one is the positive of a binary task.
 * Throws `LabelFault` MTL304 where the task has a threshold and the cell is no number.
 */
export function labelOf(
  { settings, threshold }: Pick<LabelColumns, "settings" | "threshold">,
  position: number,
  cell: LabelCell,
): LabelCell {
  if (threshold === undefined || isMissing(cell)) return listIn(cell);
  const value = typeof cell === "string" ? numberOf(cell) : cell;
  if (typeof value === "number") return value > threshold ? `over ${threshold}` : `at most ${threshold}`;
  throw new LabelFault(
    "MTL304",
    position,
    ({ place }) =>
      `Task "${settings.id}" compares numbers with ${threshold}, but column "${settings.columns[position] ?? ""}" has ${quoted(cell)} in ${place}. ` +
      `Correct that cell, leave it empty if the label is missing, or remove the threshold.`,
  );
}

import type { ColumnFacts } from "../../../experiment/facts.ts";
import { numberOf } from "../cells.ts";
import { isMissing, type LabelCell } from "./label.ts";
import type { LabelRows } from "./label-rows.ts";

/** What the labels in a column are, where it is one of labels: how many are missing, and how many different values there are. */
export function labelFacts({ tasks, count }: LabelRows, name: string): Pick<ColumnFacts, "type" | "missing" | "distinct"> | undefined {
  const task = tasks.find(({ settings }) => settings.columns.includes(name));
  if (task === undefined) return undefined;
  const position = task.settings.columns.indexOf(name);
  const distinct = new Set<LabelCell>();
  let missing = 0;
  let lists = 0;
  for (let row = 0; row < count; row++) {
    const cell = task.cells(row)[position];
    if (isMissing(cell)) missing += 1;
    else if (typeof cell === "object") lists += 1;
    else distinct.add(cell);
  }
  const isNumber = [...distinct].every((cell) => typeof cell === "number" || (typeof cell === "string" && numberOf(cell) !== undefined));
  return { type: missing === count ? "empty" : lists > 0 || isNumber ? "number" : "text", missing, distinct: distinct.size };
}

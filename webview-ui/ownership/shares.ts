import { columnMeans } from "../../src/analysis/column-means.ts";
import { ownerOf, sharedBelow } from "../../src/analysis/ownership.ts";
import { type ParameterDescription, series, type TaskDescription } from "../../src/experiment/record.ts";
import { type SeriesStore, valueAt } from "../state/series-store.ts";

/** Shares of one tensor over equal columns of time: `tasks × columns`, task-major. NaN where nothing is recorded. */
export interface ShareColumns {
  readonly columns: number;
  readonly tasks: number;
  readonly shares: readonly Float64Array[];
}

type Span = readonly [from: number, to: number];

/** Brings a tensor's recorded mean rAU of each task to the columns of a picture. */
export function shareColumns(
  store: SeriesStore,
  name: (task: string) => string,
  tasks: readonly TaskDescription[],
  span: Span,
  columns: number,
): ShareColumns {
  const shares = tasks.map(({ id }) => {
    const { steps, values } = store.curve(name(id));
    return columnMeans(steps, values, span, columns);
  });
  return { columns, tasks: tasks.length, shares };
}

/** One column's shares; not finite where nothing is recorded. */
export function sharesAt({ shares }: ShareColumns, column: number): number[] {
  return shares.map((task) => task[column] ?? Number.NaN);
}

/** Shares of one tensor as recorded at or before a step; null where there are none. */
export function recordedShares(
  store: SeriesStore,
  name: (task: string) => string,
  tasks: readonly TaskDescription[],
  step: number,
): readonly number[] | null {
  const shares = tasks.map(({ id }) => valueAt(store.curve(name(id)), step) ?? Number.NaN);
  return shares.every(Number.isFinite) ? shares : null;
}

/** Tasks that take part in a tensor: shares of the others are 0 and do not count as owners to be compared with. */
export function taking(tasks: readonly TaskDescription[], { tasks: reached }: ParameterDescription): readonly TaskDescription[] {
  const part = tasks.filter(({ id }) => reached.includes(id));
  return part.length > 0 ? part : tasks;
}

export function dominanceOf(parameter: ParameterDescription): (task: string) => string {
  return (task) => series.dominance(parameter.name, task);
}

/** A stretch of time in which a tensor has one owner. Columns from `from` up to, not including, `to`. */
export interface Stretch {
  readonly task: number;
  readonly from: number;
  readonly to: number;
}

/** An owner is named from `sharedBelow` on, and keeps the name down to this strength. */
const heldDownTo = 0.2;
/** Part of the width over which shares are averaged before they are named, so that names do not flicker. */
const calm = 1 / 24;

/** Stretches with one owner, from the mean shares around each column. */
export function ownedStretches(row: ShareColumns): readonly Stretch[] {
  const reach = Math.max(1, Math.round((row.columns * calm) / 2));
  const means = row.shares.map((task) => centredMean(task, reach));
  const stretches: Stretch[] = [];
  let held: number | null = null;
  let from = 0;
  for (let column = 0; column <= row.columns; column++) {
    const owner = column < row.columns ? ownerOf(means.map((task) => task[column] ?? Number.NaN)) : undefined;
    const next: number | null = owner && owner.strength > (owner.task === held ? heldDownTo : sharedBelow) ? owner.task : null;
    if (next === held) continue;
    if (held !== null) stretches.push({ task: held, from, to: column });
    held = next;
    from = column;
  }
  return stretches;
}

/** Mean over the finite values within `reach` columns; NaN stays NaN, so that what is not recorded has no owner. */
function centredMean(values: Float64Array, reach: number): Float64Array {
  const means = new Float64Array(values.length);
  let sum = 0;
  let count = 0;
  const add = (index: number, sign: number): void => {
    const value = values[index];
    if (value === undefined || !Number.isFinite(value)) return;
    sum += sign * value;
    count += sign;
  };
  for (let i = 0; i < Math.min(reach, values.length); i++) add(i, 1);
  for (let i = 0; i < values.length; i++) {
    add(i + reach, 1);
    add(i - reach - 1, -1);
    means[i] = Number.isFinite(values[i]) && count > 0 ? sum / count : Number.NaN;
  }
  return means;
}

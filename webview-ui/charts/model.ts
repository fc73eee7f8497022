import { smooth } from "../../src/analysis/smoothing.ts";
import type { NumberStyle } from "../format.ts";
import { type Curve, indexAt } from "../state/series-store.ts";

/** A point of a chart: x in the axis' unit; y not finite for a gap. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One series on a chart. */
export interface Line {
  /** Name of the series. */
  readonly name: string;
  /** What stands at its end and in read-outs; empty where the title says it all. */
  readonly label: string;
  /** Shorter form of it for the end of the line. */
  readonly short: string;
  /** Index of its task; null for a series without one, drawn in the foreground colour. */
  readonly task: number | null;
  readonly curve: Curve;
  /** Values drawn as the line; the recorded ones where nothing is smoothed. */
  readonly drawn: Float64Array;
}

export interface ChartModel {
  readonly title: string;
  readonly unit: string;
  readonly style: NumberStyle;
  readonly log: boolean;
  readonly lines: readonly Line[];
  /** A line at 0 with these words, where 0 means something. */
  readonly zero: string | null;
  readonly fromZero: boolean;
  /** Bounds of the y axis where they are given by the meaning. */
  readonly bounds: readonly [low: number, high: number] | null;
  /** Lets the y axis cut off single values far from all others. */
  readonly withoutOutliers: boolean;
}

/** The x axis that all charts of a view share. */
export interface XAxis {
  readonly unit: "epoch" | "step";
  /** Steps of one unit. */
  readonly scale: number;
  /** In steps. */
  readonly min: number;
  readonly max: number;
}

/** A line over a curve, smoothed unless `strength` is 0. @param reach steps that one unit of smoothing takes */
export function line(
  named: Pick<Line, "name" | "label" | "task"> & { readonly short?: string },
  curve: Curve,
  strength: number,
  reach: number,
): Line {
  const { name, label, task, short = label } = named;
  return { name, label, short, task, curve, drawn: smooth(curve.steps, curve.values, strength, reach) };
}

/** Points for Chart.js, sorted by x. What is not finite, or not positive on a log axis, is a gap. */
export function points(steps: Float64Array, values: Float64Array, scale: number, log: boolean): Point[] {
  const made: Point[] = new Array<Point>(steps.length);
  for (let i = 0; i < steps.length; i++) {
    const value = values[i] ?? Number.NaN;
    made[i] = { x: (steps[i] ?? 0) / scale, y: Number.isFinite(value) && (!log || value > 0) ? value : Number.NaN };
  }
  return made;
}

/** Steps at which a recorded value is not a finite number. */
export function breaks(lines: readonly Line[]): readonly number[] {
  const found = new Set<number>();
  for (const { curve } of lines) {
    for (let i = 0; i < curve.values.length; i++) {
      if (!Number.isFinite(curve.values[i])) found.add(curve.steps[i] ?? 0);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** The drawn value at or before a step, or the last one; null before the first point. */
export function drawnAt({ curve, drawn }: Line, step: number | null): number | null {
  const index = step === null ? drawn.length - 1 : indexAt(curve.steps, step);
  return index < 0 ? null : (drawn[index] ?? null);
}

/** Places labels on one edge: keeps their order, at least `gap` apart, within the bounds where there is room. */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((y, i) => ({ y: Math.min(high, Math.max(low, y)), i })).sort((a, b) => a.y - b.y);
  // Groups that touch move as one, around the mean of what their members want.
  const groups: { start: number; want: number[] }[] = [];
  for (const { y } of order) {
    groups.push({ start: y, want: [y] });
    for (;;) {
      const last = groups.at(-1);
      const before = groups.at(-2);
      if (!last || !before || before.start + before.want.length * gap <= last.start) break;
      groups.splice(-2, 2, placed([...before.want, ...last.want]));
    }
  }
  const placedAt = groups.flatMap(({ start, want }) => want.map((_, i) => start + i * gap));
  const result = new Array<number>(wanted.length).fill(0);
  order.forEach(({ i }, rank) => {
    result[i] = placedAt[rank] ?? 0;
  });
  return result;

  function placed(want: number[]): { start: number; want: number[] } {
    const mean = want.reduce((sum, y) => sum + y, 0) / want.length;
    const length = (want.length - 1) * gap;
    return { start: Math.max(low, Math.min(mean - length / 2, high - length)), want };
  }
}

import type { DataProblem } from "./data-error.ts";

/** Count, mean, squares around the mean, and range of some numbers. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
  readonly least: number;
  readonly greatest: number;
}

/** What the training rows say of something that enters the network, before it is settled how it does. */
export type InputMeasure = NumberMeasure | CategoryMeasure;

/** A number, or several that are scaled each by itself: the parts of a date, the channels of an image. */
export interface NumberMeasure {
  readonly kind: "number";
  /** What the experiment calls it. */
  readonly name: string;
  /** Where the experiment names it. */
  readonly path: DataProblem["path"];
  /** How it is scaled, in the experiment's word. */
  readonly scale: string;
  /** Empty where nothing of it is measured. */
  readonly moments: readonly Moments[];
}

export interface CategoryMeasure {
  readonly kind: "category";
  readonly name: string;
  readonly path: DataProblem["path"];
  readonly categories: readonly string[];
  /** True where all categories are numbers. */
  readonly isNumeric: boolean;
  readonly hasMissing: boolean;
}

/** Moments of all the numbers that two have moments of (Chan, Golub and LeVeque, 1979). */
export function joinMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  if (a.count === 0 || b.count === 0) return a.count === 0 ? b : a;
  const apart = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (apart * b.count) / count,
    squares: a.squares + b.squares + (apart * apart * a.count * b.count) / count,
    least: Math.min(a.least, b.least),
    greatest: Math.max(a.greatest, b.greatest),
  };
}

/** The moments in a measure; none where it is not of numbers. */
export function momentsIn(measure: InputMeasure | undefined): readonly Moments[] {
  return measure?.kind === "number" ? measure.moments : [];
}

import { dot } from "./vectors.ts";

/** Preferences of the present tasks, of unit length, and which of them is chosen; none where the chosen one says nothing of them. */
export interface Cones {
  readonly vectors: readonly (readonly number[])[];
  readonly chosen: number;
}

/** `count` directions at equal angles for two tasks; the axes and the diagonal for more; one direction for one. */
export function defaultPreferences(tasks: number, count: number): readonly (readonly number[])[] {
  if (tasks === 1) return [[1]];
  if (tasks === 2) {
    const angles = Array.from({ length: count }, (_, m) => ((Math.PI / 2) * m) / (count - 1));
    return angles.map((angle) => [Math.cos(angle), Math.sin(angle)]);
  }
  const axes = Array.from({ length: tasks }, (_, i) => Array.from({ length: tasks }, (__, j) => (i === j ? 1 : 0)));
  return [...axes, new Array<number>(tasks).fill(1)];
}

/** The vectors' parts for the present tasks. Without a choice: the vector nearest to the diagonal of all tasks. */
export function withTasks(preferences: readonly (readonly number[])[], tasks: readonly number[], choice: number | undefined): Cones {
  const index = choice ?? nearestToDiagonal(preferences);
  const parts = preferences.map((vector) => unit(tasks.map((task) => vector[task] ?? 0)));
  const own = parts[index];
  if (own === undefined) return { vectors: [], chosen: 0 };
  const others = parts.filter((part, m) => m !== index && part !== undefined).map((part) => part ?? []);
  return { vectors: [own, ...others], chosen: 0 };
}

/** Rows `u_m − u_k` of the cone's sides that the losses are beyond. */
export function violatedSides(losses: readonly number[], { vectors, chosen }: Cones): readonly (readonly number[])[] {
  const length = Math.hypot(...losses);
  const own = vectors[chosen] ?? [];
  const sides = vectors.filter((_, m) => m !== chosen).map((vector) => vector.map((value, i) => value - (own[i] ?? 0)));
  // On a side itself, as far as rounding can tell, the losses are not beyond it.
  return sides.filter((side) => dot(side, losses) > 1e-14 * length);
}

function nearestToDiagonal(preferences: readonly (readonly number[])[]): number {
  const closeness = preferences.map((vector) => vector.reduce((sum, value) => sum + value, 0) / Math.hypot(...vector));
  return closeness.indexOf(Math.max(...closeness));
}

function unit(vector: readonly number[]): readonly number[] | undefined {
  const length = Math.hypot(...vector);
  return length === 0 ? undefined : vector.map((value) => value / length);
}

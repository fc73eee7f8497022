import type { Buffers, MeanPace, StepInput, Vector } from "../balancer.ts";
import { meanOf } from "./buffer-names.ts";
import { movedTowards } from "./rows.ts";

/**
 * Moving means of the present tasks' gradients after a step, by default from 0, and the buffers with them:
 *
 *   mean ← mean + rate (factor · gradient − mean)
 *
 * Rounded to floats, so that they are the same wherever they are kept.
 */
export function movedMeans(
  { tasks, buffers = {} }: Pick<StepInput, "tasks" | "buffers">,
  gradients: readonly Vector[],
  paces: readonly MeanPace[],
): { readonly rows: readonly Float64Array[]; readonly buffers: Buffers } {
  const rows = tasks.map((task, position) => {
    const { rate, factor } = paces[position] ?? { rate: 0, factor: 0 };
    return roundedToFloats(movedTowards(buffers[meanOf(task)], gradients[position] ?? new Float64Array(), rate, factor));
  });
  return { rows, buffers: { ...buffers, ...Object.fromEntries(tasks.map((task, i) => [meanOf(task), rows[i] ?? new Float64Array()])) } };
}

/** In place. */
function roundedToFloats(row: Float64Array): Float64Array {
  for (let i = 0; i < row.length; i++) row[i] = Math.fround(row[i] ?? 0);
  return row;
}

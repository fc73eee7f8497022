import type { ClassWeights, PositiveWeight } from "../../experiment/losses.ts";
import { DataError } from "../data/data-error.ts";
import type { TaskTargets } from "../data/dataset.ts";
import { NameIndex } from "../data/labels/class-names.ts";

/**
 * What a row of each class counts. `balanced`: n ⁄ (C n_c) for the n labels of the training rows, n_c of them of that class and C
 * classes among them, so that it is 1 on average and every class counts alike. Throws `DataError` MTL356 for weights that do not
 * fit the classes.
 */
export function classWeightsOf(given: ClassWeights, task: TaskTargets, path: DataError["path"]): Float32Array | undefined {
  if (given === undefined) return undefined;
  const { classes } = task;
  if (given === "balanced") {
    const counts = countsOf(task, path);
    const met = counts.filter((count) => count > 0).length;
    const all = counts.reduce((sum, count) => sum + count, 0);
    return Float32Array.from(counts, (count) => (count === 0 ? 0 : all / (met * count)));
  }
  if (!Array.isArray(given)) return namedWeights(given, task, path);
  if (given.length === classes.length) return Float32Array.from(given);
  const message = `There are ${given.length} class weights, and task "${task.id}" has ${classes.length} classes: ${some(classes)}. Give one a class, in this order.`;
  throw new DataError({ code: "MTL356", path, message });
}

/** What a positive of each column counts. `balanced`: negatives ⁄ positives of the training rows, 1 where there are none of either. */
export function positiveWeightsOf(given: PositiveWeight, task: TaskTargets, path: DataError["path"]): Float32Array {
  const columns = task.kind === "multi-label" ? task.classes.length : 1;
  if (typeof given === "number") return new Float32Array(columns).fill(given);
  if (given !== "balanced") {
    if (task.kind === "multi-label") return namedWeights(given, task, path);
    const message = `The weight of the positive class of task "${task.id}" is one number, or "balanced".`;
    throw new DataError({ code: "MTL356", path, message });
  }
  const counts = countsOf(task, path);
  const [no, yes] = task.kind === "multi-label" ? [task.absences ?? [], counts] : [counts.slice(0, 1), counts.slice(1)];
  return Float32Array.from(yes, (positives, column) => {
    const negatives = no[column] ?? 0;
    return positives === 0 || negatives === 0 ? 1 : negatives / positives;
  });
}

/** 1 for each class that is not named. */
function namedWeights(given: Readonly<Record<string, number>>, { id, classes }: TaskTargets, path: DataError["path"]): Float32Array {
  const weights = new Float32Array(classes.length).fill(1);
  const index = new NameIndex(classes);
  for (const [name, weight] of Object.entries(given)) {
    const place = index.of(name);
    if (place === undefined) {
      const message = `"${name}" has a weight, and task "${id}" has no such class. Its classes are: ${some(classes)}.`;
      throw new DataError({ code: "MTL356", path, message });
    }
    weights[place] = weight;
  }
  return weights;
}

function countsOf({ id, counts }: TaskTargets, path: DataError["path"]): readonly number[] {
  if (counts !== undefined) return counts;
  const message = `The classes of task "${id}" cannot be balanced: the data does not say how often each occurs. Give the weights as numbers.`;
  throw new DataError({ code: "MTL356", path, message });
}

function some(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more` : names.join(", ");
}

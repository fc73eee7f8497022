/**
 * How the gradients of the common parameters move them: those of the tasks combined by their weights, a sum of them that is there already,
 * or each by accumulators of its own.
 */
export type CommonCourse = "combined" | "summed" | "apart";

/** Also: combined with signs masked, and combined from factors that they are left as. */
type Course = CommonCourse | "masked" | "factored";

/**
 * A way through the graph of an update. Weighted where what a loss gives the parameters that it alone reaches has another weight than 1, or
 * a sum is shortened.
 */
export type MotionKind = Course | `${Course} weighted`;

export const motionKinds = {
  shared: ["combined", "summed", "combined weighted", "summed weighted"],
  masked: ["masked", "masked weighted"],
  taskwise: ["apart", "apart weighted"],
} as const satisfies Record<string, readonly MotionKind[]>;

export function motionKind(course: Course, weighted: boolean): MotionKind {
  return weighted ? `${course} weighted` : course;
}

export function isWeighted(kind: MotionKind): boolean {
  return kind.endsWith(" weighted");
}

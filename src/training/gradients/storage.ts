import { TrainingError } from "../training-error.ts";

/** Whether a step keeps the gradients of all tasks, or walks back again for what it needs of them. */
export type GradientStorage = "stored" | "recompute";

/** Share of the free memory that `auto` lets stored gradients take. */
export const largestShare = 1 / 4;

export interface StorageQuestion {
  /** `training.gradients`. */
  readonly asked: GradientStorage | "auto";
  readonly method: string;
  /** Why the method cannot do without stored gradients. */
  readonly bound: string | undefined;
  readonly tasks: number;
  /** Elements of all common parameters. */
  readonly elements: number;
  /** Free memory, in bytes. */
  readonly free: number;
}

export interface StorageChoice {
  readonly storage: GradientStorage;
  /** What there is to say of it; nothing where it is as usual. */
  readonly note: string | undefined;
}

/** Decides once, before the first step. Throws `TrainingError` where `recompute` is asked for and the method cannot do with it. */
export function chooseStorage({ asked, method, bound, tasks, elements, free }: StorageQuestion): StorageChoice {
  const bytes = 4 * tasks * elements;
  const size = `${megabytes(bytes)} (${tasks} tasks × ${elements.toLocaleString("en")} shared weights)`;
  if (asked === "recompute") {
    if (bound !== undefined) {
      throw new TrainingError("experiment", `${method} ${bound}, so they must be stored. Set training.gradients to stored or auto.`);
    }
    return {
      storage: "recompute",
      note: `The tasks' gradients are computed again where they are needed, as training.gradients asks: ${size}.`,
    };
  }
  if (asked === "stored" || bytes <= largestShare * free) return { storage: "stored", note: undefined };
  const short = `The tasks' gradients take ${size}, more than a quarter of the ${megabytes(free)} that are free`;
  return bound === undefined
    ? { storage: "recompute", note: `${short}, so they are not stored but computed again where they are needed.` }
    : { storage: "stored", note: `${short}, and are stored all the same: ${method} ${bound}.` };
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MB`;
}

import { UsageError } from "../command-line.ts";
import type { Problem } from "../engine/problems.ts";

/** What grows. */
export type Axis = "tasks" | "parameters";

/** One network of a series in which one size grows and all else stays. */
export interface Size {
  readonly axis: Axis;
  /** As asked for; the number of parameters is met to a few percent, and its own number is measured. */
  readonly size: number;
}

export const sizes: readonly Size[] = [
  ...[2, 5, 10, 20, 50].map((size): Size => ({ axis: "tasks", size })),
  ...[1e4, 1e5, 1e6, 1e7].map((size): Size => ({ axis: "parameters", size })),
];

const inputs = 64;
const tasksOfWide = 3;

/** More tasks share a trunk of two layers of 256; more parameters are a wider trunk of two layers, shared by three tasks. Heads are the output alone. */
export function problemOf(asked: Size): Problem {
  const width = widthOf(asked);
  return {
    inputShape: [inputs],
    tasks: asked.axis === "tasks" ? asked.size : tasksOfWide,
    kind: "regression",
    trunk: [{ dense: { units: width, activation: "relu" } }, { dense: { units: width, activation: "relu" } }],
    head: [],
  };
}

/** Units of a layer of the trunk: with w² + (inputs + 2 + tasks) w + tasks, the number of parameters, next to what was asked for. */
export function widthOf({ axis, size }: Size): number {
  if (axis === "tasks") return 256;
  const linear = inputs + 2 + tasksOfWide;
  return Math.round((-linear + Math.sqrt(linear ** 2 + 4 * (size - tasksOfWide))) / 2);
}

/** `tasks:50`. */
export function sizeName({ axis, size }: Size): string {
  return `${axis}:${size}`;
}

export function parseSize(text: string): Size {
  const found = sizes.find((size) => sizeName(size) === text);
  if (found === undefined) throw new UsageError(`There is no size "${text}"; there are ${sizes.map(sizeName).join(", ")}.`);
  return found;
}

import type { Body, FunctionWriter } from "./assembler.ts";
import type { IntVariable } from "./expressions.ts";

/** One function of the module: how many numbers it takes, and what it does with them. */
export interface Routine {
  readonly parameters: number;
  readonly write: FunctionWriter;
}

/** A routine whose parameters have names. They are passed in the order of `names`. */
export function routine<const Name extends string>(
  names: readonly Name[],
  write: (body: Body, parameters: (name: Name) => IntVariable) => void,
): Routine {
  return {
    parameters: names.length,
    write: (body, ...variables) => write(body, (name) => at(variables, names.indexOf(name))),
  };
}

/** The element at `index`, which must exist. */
export function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`There is no element ${index} among ${list.length}.`);
  return value;
}

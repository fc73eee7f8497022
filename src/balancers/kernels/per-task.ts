/** What an option that lists one number a task refuses. */
interface Refusal {
  readonly option: string;
  readonly message: string;
}

/** Why a list with one number a task does not fit; undefined where it does, or was left out. */
export function listRefusal(option: string, list: readonly number[] | undefined, names: readonly string[]): Refusal | undefined {
  if (list === undefined || list.length === names.length) return undefined;
  return {
    option,
    message: `It has ${list.length} numbers for ${names.length} tasks. Give one for each, in the order of the tasks: ${names.join(", ")}.`,
  };
}

/** The numbers of the present tasks, `otherwise` where no list was given. */
export function listed(list: readonly number[] | undefined, tasks: readonly number[], otherwise: number): number[] {
  return tasks.map((task) => list?.[task] ?? otherwise);
}

/** A preference of the present tasks: positive numbers, as shares of what all tasks have; 1/K each where none was given. */
export function preferenceOf(list: readonly number[] | undefined, tasks: readonly number[], all: number): number[] {
  const sum = list?.reduce((total, part) => total + part, 0) ?? all;
  return listed(list, tasks, 1).map((part) => part / sum);
}

import { sum, tidy, type Tensor } from "@tensorflow/tfjs-core";
import type { ModelParameter, MultiTaskModel } from "../model/model.ts";
import { TrainingError } from "../training-error.ts";
import { Tape } from "./tape.ts";

/**
 * The reach of each parameter, in the order of `model.parameters`: the tasks (by position, increasing) whose output depends
 * on it. It is computed from the recorded forward pass, never taken from what the builder declares. Changes no state:
 * the pass runs in inference mode. `inputs` are any batch, one row of zeros is enough.
 */
export function computeReach(model: MultiTaskModel, inputs: readonly Tensor[]): readonly (readonly number[])[] {
  return tidy(() => {
    const variables = model.parameters.map(({ variable }) => variable);
    const { tape, value } = Tape.record(variables, () => model.forward(inputs, false).map((output) => sum(output)));
    try {
      const reached = value.map((output) => tape.reached(output));
      return variables.map(({ id }) => reached.flatMap((ids, task) => (ids.has(id) ? [task] : [])));
    } finally {
      tape.dispose();
    }
  });
}

/**
 * Compares the computed reach with what the builder declares: a trunk parameter is reached by every task, a head's by its
 * own task alone. Throws `TrainingError` naming each parameter that differs.
 */
export function requireDeclaredReach(
  parameters: readonly ModelParameter[],
  reach: readonly (readonly number[])[],
  tasks: readonly string[],
): void {
  const differences = parameters.flatMap(({ name, declared }, position) => {
    const found = (reach[position] ?? []).flatMap((task) => tasks[task] ?? []);
    if (declared.part === "undeclared") return [];
    const expected = declared.part === "trunk" ? tasks : [declared.task];
    const same = found.length === expected.length && expected.every((task) => found.includes(task));
    return same ? [] : [`${name} is built for ${expected.join(", ")} but is reached by ${found.join(", ") || "no task"}`];
  });
  if (differences.length > 0) {
    throw new TrainingError("reach", `The network is not connected as it was built: ${differences.join("; ")}. Please report this model.`);
  }
}

import type { MethodFacts } from "./method-facts.ts";

/**
 * Why a method cannot do without the gradients of all tasks at once, to follow its name; undefined where it is content with the losses
 * or with what one parameter after the other tells of the gradients, as norms and the Gram matrix are. Of a step of several batches
 * nothing can be told before the last one: none of it adds up batch by batch but the gradients themselves.
 */
export function boundToGradients(
  { needs, draws = 0, action }: Pick<MethodFacts, "needs" | "draws" | "action">,
  accumulate = 1,
): string | undefined {
  if (action === "replace-update") return "has an optimizer for every task, which takes in that task's gradients";
  if (action === "alternate") return "changes the parameters between the gradients of one step";
  if (draws > 0) return "compares the gradients of several batches";
  if (needs === "gradients") return "works on the gradients themselves";
  return accumulate > 1 ? "is given gradients that are added up over the batches of a step (training.accumulate)" : undefined;
}

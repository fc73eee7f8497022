import type { MethodFacts } from "./method-facts.ts";

/**
 * Why a method cannot do without the gradients of all tasks at once, to follow its name; undefined where it is content with the losses
 * or with what one parameter after the other tells of the gradients, as norms and the Gram matrix are.
 */
export function boundToGradients({ needs, draws = 0, action }: Pick<MethodFacts, "needs" | "draws" | "action">): string | undefined {
  if (action === "replace-update") return "has an optimizer for every task, which takes in that task's gradients";
  if (action === "alternate") return "changes the parameters between the gradients of one step";
  if (draws > 0) return "compares the gradients of several batches";
  return needs === "gradients" ? "works on the gradients themselves" : undefined;
}

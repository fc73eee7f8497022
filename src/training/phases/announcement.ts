import type { RunEvent } from "../../experiment/record.ts";
import type { Training } from "../training.ts";
import type { Phase } from "./phase.ts";

/** Title of the phase's balancing method. */
export function titleOf({ balancer }: Phase): string {
  return balancer.balancer.title;
}

/** Tells that the open phase begins after `step` steps; nothing of a training that has no phases of its own. */
export function phaseEvent({ phase, plan, model }: Training, step: number, at: number): RunEvent | undefined {
  const { name, index } = phase.plan;
  if (name === undefined) return undefined;
  const trained = phase.parameters.common.length + phase.parameters.owned.length;
  const all = model.parameters.length;
  const what = trained === all ? "all parameters" : `${trained} of ${all} parameters`;
  return {
    kind: "note",
    step,
    at,
    message: `Phase ${index + 1} of ${plan.phases.length}, ${name}: trains ${what} with ${titleOf(phase)} and ${phase.optimizer.kind}.`,
    detail: { phase: name, number: index + 1 },
  };
}

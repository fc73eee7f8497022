import type { BalancerContext } from "../../../src/balancers/balancer.ts";

/** A context for `tasks` regression tasks of weight 1, changed where a test needs it otherwise. */
export function contextOf(tasks: number, changed: Partial<BalancerContext> = {}): BalancerContext {
  return {
    tasks,
    names: Array.from({ length: tasks }, (_, i) => String(i + 1)),
    taskWeights: new Array<number>(tasks).fill(1),
    kinds: new Array<"regression">(tasks).fill("regression"),
    seed: 0,
    epochs: 10,
    ...changed,
  };
}

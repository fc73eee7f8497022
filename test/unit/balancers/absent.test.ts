import { describe, expect, test } from "vitest";
import type { BalancerState } from "../../../src/balancers/balancer.ts";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { contextOf } from "./context.ts";
import { Driver, randomSteps } from "./driver.ts";

// Five tasks, so that no list of a method has the tasks' length by accident.
const tasks = 5;
const missing = 1;
/**
 * The two steps in which task 1 is absent, in one epoch. What it was seen to do before may still be summed up in the first of them, where
 * a window of losses ends; in the second there is nothing new of it.
 */
const gap = [7, 8];
const steps = randomSteps(2, { tasks, steps: 12, present: (task, step) => !gap.includes(step) || task !== missing });

describe.each(balancerCatalogue.map((balancer) => [balancer.id, balancer] as const))("%s", (id, balancer) => {
  test(`${id}: what it remembers of an absent task does not move, and its answer is for the present ones`, () => {
    const driver = new Driver(balancer.prepare({}, contextOf(tasks)));
    let before = driver.remembered;
    for (const step of steps) {
      const { weights, rows, headWeights } = driver.step(step);
      for (const list of [weights, rows, headWeights]) expect(list?.length ?? step.tasks.length).toBe(step.tasks.length);
      expect(weights.every(Number.isFinite)).toBe(true);
      if (step.step === gap[1]) {
        expect(ownPart(driver.remembered.state)).toEqual(ownPart(before.state));
        expect(ownBuffers(driver.remembered.buffers)).toEqual(ownBuffers(before.buffers));
      }
      before = driver.remembered;
    }
  });
});

/**
 * Of lists with an entry a task, the absent one's; of tables with an entry a pair of tasks, its row and column. Nothing where the method
 * says by a list `group` that others have one state with it.
 */
function ownPart(state: BalancerState): Record<string, readonly number[]> {
  const { group = [] } = state;
  if (group.filter((own) => own === group[missing]).length > 1) return {};
  return Object.fromEntries(
    Object.entries(state).flatMap(([name, list]) => {
      if (list.length === tasks) return [[name, list.slice(missing, missing + 1)]];
      if (list.length !== tasks * tasks) return [];
      return [[name, list.filter((_, i) => Math.floor(i / tasks) === missing || i % tasks === missing)]];
    }),
  );
}

function ownBuffers(buffers: Readonly<Record<string, Float64Array>> = {}): readonly unknown[] {
  return Object.entries(buffers).filter(([name]) => name.endsWith(`/${missing}`));
}

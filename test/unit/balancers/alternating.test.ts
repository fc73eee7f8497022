import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { alternating } from "../../../src/balancers/alternating.ts";
import { contextOf } from "./context.ts";

/** Groups of each batch; `tasksAt` tells who has labels. */
function drawn(
  options: object,
  all: number,
  batches: number,
  { seed = 0, tasksAt = () => Array.from({ length: all }, (_, task) => task), perEpoch = 3 } = {},
): readonly (readonly (readonly number[])[])[] {
  const prepared = alternating.prepare(options, contextOf(all, { seed }));
  let state = prepared.start();
  return Array.from({ length: batches }, (_, step) => {
    const answer = prepared.groups({ tasks: tasksAt(), step, epoch: Math.floor(step / perEpoch) }, state);
    state = answer.state;
    return answer.groups;
  });
}

describe("alternating", () => {
  test.prop([
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 10 }),
    fc.array(fc.integer({ min: 0, max: 8 })),
    fc.nat(),
    fc.constantFrom("step", "epoch"),
  ])("alternating: every present task exactly once a batch, in groups of at most the size", (all, groupSize, absent, seed, regroup) => {
    const tasks = Array.from({ length: all }, (_, task) => task).filter((task) => !absent.includes(task));
    for (const groups of drawn({ groupSize, regroup }, all, 5, { seed, tasksAt: () => tasks })) {
      expect([...groups.flat()].sort((a, b) => a - b)).toEqual(tasks);
      for (const group of groups) {
        expect(group.length).toBeGreaterThan(0);
        expect(group.length).toBeLessThanOrEqual(groupSize);
      }
    }
  });

  test.prop([fc.integer({ min: 1, max: 9 }), fc.nat()])(
    "alternating: groups of K or more are one group, in the tasks' order",
    (all, seed) => {
      for (const size of [all, all + 1])
        expect(drawn({ groupSize: size }, all, 3, { seed })).toEqual(new Array(3).fill([Array.from({ length: all }, (_, task) => task)]));
    },
  );

  test("alternating: all orders come equally often", () => {
    const counts = new Map<string, number>();
    for (const groups of drawn({}, 3, 6000)) counts.set(groups.join(), (counts.get(groups.join()) ?? 0) + 1);
    expect(counts.size).toBe(6);
    // Of a mean of 1000 with a standard deviation of 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test("alternating: new groups a batch, or kept for an epoch", () => {
    const changes = (regroup: string) => {
      const batches = drawn({ groupSize: 2, regroup }, 8, 12).map((groups) => JSON.stringify(groups));
      return batches.map((groups, i) => i > 0 && groups !== batches[i - 1]);
    };
    expect(changes("step")).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1].map(Boolean));
    expect(changes("epoch")).toEqual([0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0].map(Boolean));
  });

  test("alternating: who is present does not change what is drawn", () => {
    const whole = drawn({ groupSize: 2 }, 6, 4);
    const some = drawn({ groupSize: 2 }, 6, 4, { tasksAt: () => [0, 2, 5] });
    expect(some).toEqual(
      whole.map((groups) => groups.map((group) => group.filter((task) => [0, 2, 5].includes(task))).filter((group) => group.length > 0)),
    );
    expect(drawn({ groupSize: 2 }, 6, 4, { tasksAt: () => [] })).toEqual([[], [], [], []]);
  });

  test("alternating: a draw goes on from its state alone", () => {
    const prepared = alternating.prepare({ groupSize: 2 }, contextOf(6));
    const moment = { tasks: [0, 1, 2, 3, 4, 5], step: 0, epoch: 0 };
    const { state } = prepared.groups(moment, prepared.start());
    const again = prepared.groups(moment, { ...state });
    expect(prepared.groups(moment, state)).toEqual(again);
    expect(again.groups).not.toEqual(prepared.groups(moment, prepared.start()).groups);
  });

  test.each([
    [{}, "per-task"],
    [{ groupSize: 2 }, "shared"],
    [{ groupSize: 2, optimizerState: "per-task" }, "per-task"],
    [{ optimizerState: "shared" }, "shared"],
  ])("alternating: %o keeps accumulators %s", (options, accumulators) => {
    expect(alternating.prepare(options, contextOf(3)).accumulators).toBe(accumulators);
  });
});

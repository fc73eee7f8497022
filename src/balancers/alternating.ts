import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { RandomStream } from "./kernels/random-stream.ts";

/**
 * Alternating training with random task grouping (Pascal et al., arXiv 2109.11678), reconstructed: on each batch the tasks are put in
 * random order and cut into groups of `groupSize`; group after group, the sum of its losses makes a step of its own, from where the groups
 * before it have led,
 *
 *   θ ← θ − step(∇ Σ_{i in group} L_i(θ))   for each group
 *
 * Every group gets a forward pass of its own: gradients of one shared pass would be stale, and are not offered. Groups are cut of all
 * tasks, so an absent task makes its group smaller; a group without a present task makes no step. With `groupSize` ≥ K, or one task, it is
 * the plain joint step. The learning rate acts once a group, K / groupSize times a batch.
 */
export const alternating = defineBalancer({
  id: "alternating",
  title: "Alternating training",
  summary: "Trains random groups of tasks one after the other on each batch, with accumulators for every task.",
  family: "schedule",
  needs: "losses",
  action: "alternate",
  papers: [
    {
      authors: "Pascal, Michiardi, Bost, Huet, Zuluaga",
      title: "Improved optimization strategies for deep Multi-Task Networks",
      venue: "arXiv",
      year: 2021,
      arxiv: "2109.11678",
    },
  ],
  provenance: "reconstructed",
  known:
    "Known is the abstract: independent steps, one a task, in turn, an optimizer that keeps state, and random groups for less cost. How groups are drawn and whose the accumulators are is filled in.",
  settledBy: "The paper's algorithm in full, or the authors' code.",
  cost: { backward: "K / groupSize", forward: "K / groupSize", memory: "2K·n" },
  properties: {
    nonConflicting: "no",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "yes",
    orderFree: "partly",
    note: "Told of the steps of a batch together while they are small; the order of the tasks is drawn.",
  },
  options: z.object({
    groupSize: z
      .int()
      .min(1)
      .max(10000)
      .default(1)
      .describe("Tasks in a group: 1 takes each alone, as many as there are tasks makes the joint step."),
    regroup: z.enum(["step", "epoch"]).default("step").describe("Draw new groups for each batch, or keep them for an epoch."),
    optimizerState: z
      .enum(["auto", "shared", "per-task"])
      .default("auto")
      .describe("Whose the optimizer's accumulators are: every task's own, or shared; auto is every task's own for groups of one."),
  }),
  // `order` is the one kept for the epoch; −1 before the first.
  start: (_, { seed, tasks }) => ({
    random: RandomStream.seeded(seed, "alternating").save(),
    order: Array.from({ length: tasks }, (__, task) => task),
    epoch: [-1],
  }),
  accumulators: ({ groupSize, optimizerState }) => (optimizerState === "auto" ? (groupSize === 1 ? "per-task" : "shared") : optimizerState),
  groups({ tasks, epoch }, state, { groupSize, regroup }) {
    const order = [...(state["order"] ?? [])];
    const kept = regroup === "epoch" && state["epoch"]?.[0] === epoch;
    const stream = RandomStream.from(state["random"] ?? []);
    if (!kept) stream.shuffle(order);
    const groups = Array.from({ length: Math.ceil(order.length / groupSize) }, (_, b) =>
      order
        .slice(b * groupSize, (b + 1) * groupSize)
        .filter((task) => tasks.includes(task))
        .sort((a, b) => a - b),
    );
    return { groups: groups.filter((group) => group.length > 0), state: { random: stream.save(), order, epoch: [epoch] } };
  },
  weigh: ({ tasks }, state) => ({ weights: tasks.map(() => 1), status: "ok", state }),
});

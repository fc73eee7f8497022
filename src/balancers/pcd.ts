import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { listed } from "./kernels/per-task.ts";
import { projectOnDemands } from "./kernels/secondary-demands.ts";
import { restrict, squaredNorm, total } from "./kernels/vectors.ts";

/**
 * Priority-constrained descent (Varam, AlHajri, TMLR 2026, arXiv 2606.29521): follows the primary task's gradient as closely as the secondary
 * tasks allow, each of which is promised a share τ_j of the progress that its own gradient would make,
 *
 *   g̃_i = g_i / √(v̂_i + ε),   v̂_i the bias-corrected moving average (decay β) of ‖g_i‖²
 *   d̃ = argmin ½ ‖d − g̃_1‖²  subject to  g̃_j·d ≥ τ_j ‖g̃_j‖², j ≥ 2;   d = d̃ ‖g_1‖ / ‖d̃‖
 *
 * The first of `order` is primary; the order of the others matters for a list of τ alone. In a batch without the primary task the next one
 * stands in. Needs the Gram matrix. Promises that cannot be kept together (at least two secondary tasks): they are dropped, d = g_1,
 * "infeasible". Where the tasks oppose each other, as on the Pareto front, a promise τ > 0 leads on towards the secondary task's own optimum;
 * τ = 0 stops there. g_1 = 0 or d̃ = 0: direction 0, "stationary". With one task: its gradient. An absent task's average stays as it is.
 */
export const pcd = defineBalancer({
  id: "pcd",
  title: "Priority-constrained descent",
  summary: "Follows the primary task's gradient as closely as a promised progress of each other task allows.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Varam, AlHajri",
      title: "Not All Objectives Are Born Equal: Priority-Constrained Descent for Hierarchical Multi-Objective Optimization",
      venue: "TMLR",
      year: 2026,
      arxiv: "2606.29521",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n + 2K" },
  properties: {
    nonConflicting: "partly",
    scaleFree: "yes",
    length: 1,
    sumWithoutConflict: "no",
    orderFree: "no",
    note: "Hurts no secondary task; with τ = 0 not the primary one either. Who is primary is what the method is about.",
  },
  options: z.object({
    order: z
      .array(z.string())
      .min(1)
      .optional()
      .describe("Names of the tasks, the primary first; tasks left out follow as in the file, and so do all where this is left out."),
    tau: z
      .union([z.number().min(0).max(1), z.array(z.number().min(0).max(1))])
      .default(0.02)
      .describe("Promised share of progress, from 0 to 1: one for all secondary tasks, or a list in their order."),
    beta: z.number().min(0).lt(1).default(0.999).describe("Share of the past in the moving average of the squared gradient norms."),
    epsilon: z.number().min(0).max(1).default(1e-8).describe("Added to the average before its root is taken."),
  }),
  start: (_, { tasks }) => ({ square: new Array<number>(tasks).fill(0), count: new Array<number>(tasks).fill(0) }),
  objection({ order = [], tau }, names) {
    const unknown = order.find((name, i) => !names.includes(name) || order.indexOf(name) !== i);
    if (unknown !== undefined)
      return { option: "order", message: `"${unknown}" is no task, or stands there twice. The tasks are ${names.join(", ")}.` };
    if (typeof tau === "number" || tau.length === names.length - 1) return undefined;
    return {
      option: "tau",
      message: `It has ${tau.length} numbers, and there are ${names.length - 1} secondary tasks: give one for each, or one for all.`,
    };
  },
  weigh(input, state, { order = [], tau, beta, epsilon }, { names }) {
    const { tasks } = input;
    const gram = gramOf(input);
    const [square, count] = [[...(state["square"] ?? [])], [...(state["count"] ?? [])]];
    const scales = tasks.map((task, i) => {
      const [average, steps] = [beta * (square[task] ?? 0) + (1 - beta) * (gram[i]?.[i] ?? 0), (count[task] ?? 0) + 1];
      [square[task], count[task]] = [average, steps];
      const size = Math.sqrt(average / (1 - beta ** steps) + epsilon);
      // Without ε, a gradient that always was 0 has no scale, and needs none.
      return size > 0 ? 1 / size : 0;
    });
    const ranked = rankedTasks(order, names);
    const places = ranked.map((task) => tasks.indexOf(task)).filter((place) => place >= 0);
    const scaled = restrict(
      gram.map((row, i) => row.map((value, j) => value * (scales[i] ?? 0) * (scales[j] ?? 0))),
      places,
    );
    // The first of all has no promise of its own; standing in for the primary it needs none.
    const promises = listed(
      typeof tau === "number" ? undefined : [0, ...tau],
      places.map((place) => ranked.indexOf(tasks[place] ?? -1)),
      typeof tau === "number" ? tau : 0,
    );
    const { weights: found, status } = projectOnDemands(scaled, promises);
    const norm = Math.sqrt(squaredNorm(scaled, found));
    const reach = total(found.map((weight, i) => Math.abs(weight) * Math.sqrt(scaled[i]?.[i] ?? 0)));
    const primary = Math.sqrt(gram[places[0] ?? 0]?.[places[0] ?? 0] ?? 0);
    const none = primary === 0 || norm <= 1e-7 * reach;
    const weights = new Array<number>(tasks.length).fill(0);
    places.forEach((place, i) => (weights[place] = none ? 0 : ((found[i] ?? 0) * (scales[place] ?? 0) * primary) / norm));
    return { weights, status: none && status === "ok" ? "stationary" : status, state: { square, count } };
  },
});

/** All tasks, those that `order` names first. */
function rankedTasks(order: readonly string[], names: readonly string[]): readonly number[] {
  const first = order.map((name) => names.indexOf(name));
  return [...first, ...names.map((_, task) => task).filter((task) => !first.includes(task))];
}

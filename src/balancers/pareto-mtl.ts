import { z } from "zod";
import { defineBalancer, gramOf } from "./balancer.ts";
import { hullStatus, minNormPoint } from "./kernels/min-norm.ts";
import { defaultPreferences, violatedSides, withTasks } from "./kernels/preference-cones.ts";
import { products, total } from "./kernels/vectors.ts";

/**
 * Pareto MTL (Lin, Zhen, Li, Zhang, Kwong, NeurIPS 2019, arXiv 1912.12854): one of several trade-offs between the tasks, chosen by a unit vector
 * u_k among the `preferences` u_m. The losses shall stay in its cone, nearer to u_k than to any other: `c_m = (u_m − u_k)·L / ‖L‖ ≤ 0`.
 * With a_m = Jᵀ(u_m − u_k) for the sides I = {m : c_m > 0} that the losses are beyond,
 *
 *   phase 1, until I is empty:  d = shortest vector in the hull of {a_m : m ∈ I}
 *   phase 2:                    d = shortest vector in the hull of {g_i} and {a_m : m ∈ I},  weights λ_i + Σ_I β_m (u_m − u_k)_i
 *
 * A preference is a direction in the space of losses: (1, 0) asks for a HIGH first and a low second loss, the opposite of a weight on
 * the first task. Two tasks: `count` vectors at equal angles from (1, 0) to (0, 1). More tasks: the axes and the diagonal, which is this
 * file's choice (the paper leaves the set to the user), unless `preferences` gives them. Chosen is the one nearest to equal losses, unless
 * `preference` says which. Absent tasks drop out of all vectors. A weight can be negative. Where the hull contains 0: direction 0,
 * "stationary". With one task, or all losses 0: MGDA. The authors' code takes gradients of all parameters; here those of the common ones.
 */
export const paretoMtl = defineBalancer({
  id: "pareto-mtl",
  title: "Pareto MTL",
  summary: "Aims for losses in a wanted proportion: a preference is a direction in the space of losses, (1, 0) asks for a high first loss.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  readsLosses: true,
  papers: [
    { authors: "Lin, Zhen, Li, Zhang, Kwong", title: "Pareto Multi-Task Learning", venue: "NeurIPS", year: 2019, arxiv: "1912.12854" },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  properties: {
    nonConflicting: "partly",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "no",
    orderFree: "yes",
    note: "In its second phase it hurts no task; in the first it only brings the losses into the wanted proportion.",
  },
  options: z.object({
    count: z.int().min(2).max(1000).default(5).describe("Number of preferences at equal angles, with two tasks and no list of them."),
    preferences: z
      .array(z.array(z.number().min(0)).min(1))
      .min(1)
      .optional()
      .describe("Directions in the space of losses, each one number a task: where a number is high, the loss may stay high."),
    preference: z
      .int()
      .min(0)
      .optional()
      .describe(
        "Which of the preferences, counted from 0; the one nearest to equal losses where left out. 0 of the default: high first loss.",
      ),
    phaseOneEpochs: z.int().min(0).default(2).describe("Epochs after which the first phase ends at the latest."),
    rescale: z
      .enum(["none", "magnitudes"])
      .default("none")
      .describe(
        "Leave the weights as they are, or bring the sum of their magnitudes to the number of tasks, as the authors' MNIST code does.",
      ),
  }),
  start: () => ({ phase: [1] }),
  objection({ count, preferences, preference = 0 }, names) {
    const wrong = preferences?.findIndex((vector) => vector.length !== names.length || total(vector) === 0) ?? -1;
    if (wrong >= 0)
      return {
        option: "preferences",
        message: `Entry ${wrong} must have one number for each of the ${names.length} tasks (${names.join(", ")}), not all of them 0.`,
      };
    const size = preferences?.length ?? defaultPreferences(names.length, count).length;
    return preference < size
      ? undefined
      : { option: "preference", message: `There are ${size} preferences, counted from 0 to ${size - 1}.` };
  },
  weigh(input, state, { count, preferences, preference, phaseOneEpochs, rescale }, { tasks: all }) {
    const gram = gramOf(input);
    const cones = withTasks(preferences ?? defaultPreferences(all, count), input.tasks, preference);
    const sides = violatedSides(input.losses, cones);
    const first = (state["phase"]?.[0] ?? 1) === 1 && sides.length > 0 && input.epoch < phaseOneEpochs;
    // One row a vector of the hull, as a combination of the gradients.
    const rows = first ? sides : [...gram.map((_, i) => gram.map((__, j) => (i === j ? 1 : 0))), ...sides];
    const hull = rows
      .map((row) => products(gram, row))
      .map((product) => rows.map((other) => total(other.map((c, i) => c * (product[i] ?? 0)))));
    const point = minNormPoint(hull);
    const weights = gram.map((_, i) => total(rows.map((row, m) => (row[i] ?? 0) * (point.weights[m] ?? 0))));
    const magnitudes = total(weights.map(Math.abs));
    const factor = rescale === "magnitudes" && magnitudes > 0 ? gram.length / magnitudes : 1;
    return { weights: weights.map((weight) => weight * factor), status: hullStatus(hull, point), state: { phase: [first ? 1 : 2] } };
  },
});

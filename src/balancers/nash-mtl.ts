import { z } from "zod";
import { defineBalancer, gramOf, type BalancerState, type StepInput, type Weighing } from "./balancer.ts";
import { balancePowers } from "./kernels/power-balance.ts";
import { lengthsOf, restrict, spread, squaredNorm } from "./kernels/vectors.ts";

/**
 * Nash-MTL (Navon et al., ICML 2022, arXiv 2202.01017): the Nash bargaining solution between the tasks, `G w = 1/w`, w > 0.
 *
 * ‖d‖ = √K and `g_i·d = 1/w_i > 0`: no task is hurt, and scaling a task's loss changes nothing. The authors' code then clips to
 * `maxNorm` 1 (Eq. in §3.2 leaves the length free), so that the learning rate alone sets the step. Needs the Gram matrix.
 * A zero row is left out. Where 0 lies in the convex hull (opposite gradients) no bargain exists: direction 0, "stationary".
 *
 * With `updateEvery` N the tasks bargain in every N-th step. In between their last weights hold, with the clipping of that step, for one
 * backward pass; where a present task has none yet, they bargain anew. An absent task keeps its weight. The bargain is solved to a relative
 * residual of 1e-8 or reported as "not-converged", where the authors' code goes on with equal weights.
 */
export const nashMtl = defineBalancer({
  id: "nash-mtl",
  title: "Nash-MTL",
  summary: "Lets the tasks bargain: every task gains alike in relative terms, whatever the scale of its loss.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Navon, Shamsian, Achituve, Maron, Kawaguchi, Chechik, Fetaya",
      title: "Multi-Task Learning as a Bargaining Game",
      venue: "ICML",
      year: 2022,
      arxiv: "2202.01017",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  properties: { nonConflicting: "yes", scaleFree: "yes", length: 0, sumWithoutConflict: "no", orderFree: "yes" },
  options: z.object({
    maxNorm: z.number().min(0).default(1).describe("Longest direction; the bargain itself has length √K. 0: leave it as it is."),
    updateEvery: z.int().min(1).default(1).describe("Bargain in every N-th step; in between the last weights hold, for one backward pass."),
  }),
  start: (_, { tasks }) => ({ last: new Array<number>(tasks).fill(NaN), since: [0] }),
  demand: ({ tasks }, state, { updateEvery }) => ({ needs: holds(tasks, state, updateEvery) ? "losses" : "gram" }),
  weigh(input, state, { maxNorm, updateEvery }) {
    const { last = [], since: [since = 0] = [] } = state;
    const { tasks } = input;
    if (holds(tasks, state, updateEvery)) {
      const held = tasks.map((task) => last[task] ?? 0);
      // Weights of a bargain are above 0; all 0 are those of none.
      return { weights: held, status: held.every((weight) => weight === 0) ? "stationary" : "ok", state: { last, since: [since + 1] } };
    }
    const answer = bargain(input, 1);
    const norm = Math.sqrt(squaredNorm(gramOf(input), answer.weights));
    const factor = maxNorm > 0 && norm > maxNorm ? maxNorm / norm : 1;
    const weights = answer.weights.map((weight) => weight * factor);
    const next = [...last];
    tasks.forEach((task, i) => (next[task] = weights[i] ?? NaN));
    return { ...answer, weights, state: { last: next, since: [1] } };
  },
});

/** Whether the last bargain still holds: it is younger than `every` steps, and each of these tasks was at one. */
function holds(tasks: readonly number[], { last = [], since: [since = 0] = [] }: BalancerState, every: number): boolean {
  return since < every && tasks.every((task) => Number.isFinite(last[task] ?? NaN));
}

/** `G w = w^(−1/α)` over the rows that are not zero; weights of 0 and "stationary" where no solution exists. */
export function bargain(input: StepInput, alpha: number): Weighing {
  const gram = gramOf(input);
  const kept = lengthsOf(gram).flatMap((length, i) => (length > 0 ? [i] : []));
  const none = new Array<number>(gram.length).fill(0);
  if (kept.length === 0) return { weights: none, status: "stationary" };
  const { weights, status } = balancePowers(restrict(gram, kept), alpha);
  if (status === "none") return { weights: none, status: "stationary" };
  return { weights: spread(weights, kept, gram.length), status: status === "solved" ? "ok" : "not-converged" };
}

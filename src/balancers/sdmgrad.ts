import { z } from "zod";
import { crossGramOf, defineBalancer } from "./balancer.ts";
import { projectOnSimplex, sharesOf } from "./kernels/simplex.ts";
import { products, total, type Gram } from "./kernels/vectors.ts";

/**
 * SDMGrad (Xiao, Ban, Ji, NeurIPS 2023, arXiv 2305.18409): MGDA that stays near the mean gradient g_0, from two further batches,
 *
 *   M = J₁ J₂ᵀ / s²,  s = mean of √max(0, diag);   w by steps of projected gradient descent with momentum ½ along M (w + λ/K)
 *   d = (Jᵀ w + λ g_0) / (1 + λ)
 *
 * The w are those of the step before at first. λ = 0 is MGDA as far as the steps go, a large λ the mean. The authors' code draws one
 * batch only, by a slip; here it is two, as in the paper. Where s = 0 (the batches have nothing in common) w stays. An absent task keeps
 * its w. With one task: its gradient.
 */
export const sdmgrad = defineBalancer({
  id: "sdmgrad",
  title: "SDMGrad",
  summary: "A stochastic MGDA that is drawn towards the mean gradient, from two further batches a step.",
  family: "gradients",
  needs: "gram",
  action: "combine-gradients",
  draws: 2,
  papers: [
    {
      authors: "Xiao, Ban, Ji",
      title: "Direction-oriented Multi-objective Learning: Simple and Provable Stochastic Algorithms",
      venue: "NeurIPS",
      year: 2023,
      arxiv: "2305.18409",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "3K", forward: "3", memory: "3K·n" },
  properties: { nonConflicting: "no", scaleFree: "no", length: 1, sumWithoutConflict: "no", orderFree: "yes" },
  options: z.object({
    lambda: z.number().min(0).max(1e9).default(0.3).describe("How much the mean gradient counts beside the one that helps all."),
    learningRate: z.number().gt(0).max(1000).default(10).describe("Step size of the weights; the authors 10, LibMTL 5."),
    iterations: z.int().min(1).max(10000).default(20).describe("Steps of the weights in each step of the model."),
  }),
  start: (_, { tasks }) => ({ w: new Array<number>(tasks).fill(1 / tasks) }),
  weigh(input, state, { lambda, learningRate, iterations }) {
    const { shares, with: wWith } = sharesOf(state["w"] ?? [], input.tasks);
    const matrix = scaled(crossGramOf(input));
    const w = matrix === undefined ? shares : descended(matrix, shares, { lambda, learningRate, iterations });
    const weights = w.map((weight) => (weight + lambda / w.length) / (1 + lambda));
    return { weights, status: "ok", state: { w: wWith(w) } };
  },
});

/** M by the square of its mean length; undefined where it has none. */
function scaled(matrix: Gram): Gram | undefined {
  const length = total(matrix.map((row, i) => Math.sqrt(Math.max(0, row[i] ?? 0)))) / matrix.length;
  return length > 0 ? matrix.map((row) => row.map((value) => value / length / length)) : undefined;
}

function descended(
  matrix: Gram,
  from: readonly number[],
  { lambda, learningRate, iterations }: { readonly lambda: number; readonly learningRate: number; readonly iterations: number },
): readonly number[] {
  let w = from;
  let velocity = from.map(() => 0);
  for (let i = 0; i < iterations; i++) {
    const slopes = products(
      matrix,
      w.map((weight) => weight + lambda / w.length),
    );
    velocity = velocity.map((value, j) => 0.5 * value + (slopes[j] ?? 0));
    w = projectOnSimplex(w.map((weight, j) => weight - learningRate * (velocity[j] ?? 0)));
  }
  return w;
}

import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { RandomStream } from "./kernels/random-stream.ts";
import { randomWeights } from "./kernels/random-weights.ts";

/**
 * Random loss weighting (Lin, Ye, Zhang, Tsang, TMLR 2022, arXiv 2111.10603): new weights in each step, `w = softmax(z)` with
 * z_i from N(0, 1), or from one of the distributions that Kurin et al.'s code adds.
 *
 * The weights of the present tasks sum to 1 as in the paper, or to their number (`normalize: K`). A throw of independent coins
 * (`bernoulli`) that shows 0 for all is thrown anew. With one task its weight is that sum, 1. State: the stream of draws.
 */
export const random = defineBalancer({
  id: "random",
  title: "Random loss weighting",
  summary: "Draws new weights in each step: a baseline that elaborate methods often do not beat.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Lin, Ye, Zhang, Tsang",
      title: "Reasonable Effectiveness of Random Weighting: A Litmus Test for Multi-Task Learning",
      venue: "TMLR",
      year: 2022,
      arxiv: "2111.10603",
    },
    {
      authors: "Kurin, De Palma, Kostrikov, Whiteson, Kumar",
      title: "In Defense of the Unitary Scalarization for Deep Multi-Task Learning",
      venue: "NeurIPS",
      year: 2022,
      arxiv: "2201.04122",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "0" },
  properties: {
    nonConflicting: "no",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "no",
    orderFree: "partly",
    note: "The order does not matter in distribution; a draw belongs to the task's place.",
  },
  options: z.object({
    distribution: z
      .enum(["normal", "dirichlet", "uniform", "bernoulli", "constrained-bernoulli"])
      .default("normal")
      .describe("Softmax of normal or of uniform draws, a Dirichlet draw, a coin for each task, or one task alone."),
    alpha: z
      .number()
      .gt(0)
      .max(1000)
      .default(1)
      .describe("Concentration of the Dirichlet distribution; larger makes the weights more equal."),
    normalize: z.literal([1, "K"]).default(1).describe("What the weights sum to: 1, or the number of tasks."),
  }),
  start: (_, { seed }) => ({ random: RandomStream.seeded(seed, "random").save() }),
  weigh({ tasks }, state, { distribution, alpha, normalize }) {
    const stream = RandomStream.from(state["random"] ?? []);
    const sum = normalize === "K" ? tasks.length : 1;
    const weights = randomWeights(distribution, alpha, tasks.length, stream).map((share) => share * sum);
    return { weights, status: "ok", state: { random: stream.save() } };
  },
});

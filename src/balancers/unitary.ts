import { z } from "zod";
import { defineBalancer } from "./balancer.ts";

/**
 * Unitary scalarisation (Kurin et al., NeurIPS 2022, arXiv 2201.04122): the plain sum L = Σ L_i, with the ordinary regularisation that
 * the paper says most balancers only stand in for. Its three knobs come with the method: weight decay, dropout on what the trunk hands
 * over, and an end when the validation gets no better. Without them it is `equal`. With one task: plain training. No state.
 */
export const unitary = defineBalancer({
  id: "unitary",
  title: "Unitary scalarisation",
  summary: "Adds the losses up as they are and regularises: the fair baseline for every other method.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
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
  properties: { nonConflicting: "no", scaleFree: "no", length: 1, sumWithoutConflict: "yes", orderFree: "yes" },
  options: z.object({
    weightDecay: z
      .number()
      .min(0)
      .max(1)
      .default(1e-3)
      .describe("λ of the term ½ λ ‖θ‖² that is added to the loss; the authors' value for CelebA."),
    dropout: z.number().min(0).lt(1).default(0).describe("Share of what the trunk hands to the heads that is dropped while training."),
    patience: z.int().min(0).default(0).describe("Epochs without a better validation after which training ends; 0: never."),
  }),
  start: () => ({}),
  regularisation: ({ weightDecay, dropout, patience }) => ({ weightDecay, dropout, patience }),
  weigh: ({ losses }, state) => ({ weights: losses.map(() => 1), status: "ok", state }),
});

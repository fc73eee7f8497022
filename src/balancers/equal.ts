import { z } from "zod";
import { defineBalancer } from "./balancer.ts";

/**
 * Equal weights, also called unitary or linear scalarisation: L = Σ L_i. The baseline that every method has to beat
 * (Kurin et al., NeurIPS 2022, arXiv 2201.04122). Needs the losses only; no state.
 */
export const equal = defineBalancer({
  id: "equal",
  title: "Equal weights",
  summary: "Adds the losses up as they are: the baseline every method has to beat.",
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
  options: z.object({}),
  start: () => ({}),
  weigh: ({ losses }, state) => ({ weights: losses.map(() => 1), status: "ok", state }),
});

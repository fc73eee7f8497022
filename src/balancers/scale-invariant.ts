import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { aboveBounds } from "./kernels/log-losses.ts";

/**
 * Scale-invariant loss, a baseline of Navon et al. (ICML 2022, arXiv 2202.01017): minimise `Σ ln L_i`, weight `1 / L_i`. Constant factors of
 * the losses change nothing. Losses are clamped from below, so that a loss of 0 cannot make a weight infinite; a negative one throws
 * `RangeError` with the task's name. With one task: its loss's logarithm, weight 1 / L.
 */
export const scaleInvariant = defineBalancer({
  id: "scale-invariant",
  title: "Scale-invariant loss",
  summary: "Adds the logarithms of the losses, so that their scales do not matter.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  positiveLosses: true,
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
  cost: { backward: "1", forward: "1", memory: "0" },
  options: z.object({ epsilon: z.number().gt(0).default(1e-12).describe("Least loss that is divided by.") }),
  start: () => ({}),
  weigh({ tasks, losses }, state, { epsilon }, { names }) {
    const own = tasks.map((task) => names[task]);
    return { weights: aboveBounds(losses, [], own, epsilon).map((loss) => 1 / loss), status: "ok", state };
  },
});
